using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class SignInBarriersTests(IdentityApi api)
{
    [Fact]
    public async Task SignIn_PasswordThatBecameCommon_IsReplacedByMail()
    {
        var person = await api.SignedInAsync();
        var hash = api.Host.Services.GetRequiredService<IPasswordHasher<User>>().HashPassword(new User(), "password12345");
        await api.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, hash)));

        using var wrong = await person.TryLogInAsync(password: "password1234567");
        using var answer = await person.TryLogInAsync(password: "password12345");
        var token = await api.Events.TokenAsync(person.Id, AccountLinkKind.ReplacePassword);
        using var refresh = await person.TryRefreshAsync();
        using var set = await person.SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword = person.Password });

        Assert.Equal("invalid_credentials", await wrong.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("password_reset_required", await answer.ProblemAsync(HttpStatusCode.Forbidden));
        Assert.Equal(HttpStatusCode.Unauthorized, refresh.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        await person.LogInAsync();
        var record = await api.Events.AuditAsync("user.password_reset_forced", person.Id.ToString());
        Assert.Equal("common_password", record.Detail!["reason"]);
    }

    [Fact]
    public async Task SignIn_UnverifiedWhereThatAllowsNothing_WaitsForTheAddress()
    {
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, settings: ("Registration:Unverified", "Nothing"));
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();

        using var refused = await person.TryLogInAsync();
        using var wrong = await person.TryLogInAsync(password: "something else entirely");
        using var browser = new Browser(http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        var (told, _) = await browser.SubmitAsync(page, ("username", person.UserName), ("password", person.Password));
        await host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EmailConfirmed, true)));

        Assert.Equal("email_not_verified", await refused.ProblemAsync(HttpStatusCode.Forbidden));
        Assert.Equal("invalid_credentials", await wrong.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Contains("e-mail address first", told, StringComparison.Ordinal);
        await person.LogInAsync();
    }

    [Fact]
    public async Task SignIn_UnverifiedWhereThatAllowsSelf_HasNoRolesYet()
    {
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(),
            services: IdentityHost.FastHashes,
            settings: [("Registration:Unverified", "Self"), ("Registration:DefaultRole", "operator")]);
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        var before = Jwt.Claims(person.AccessToken).Text("scope");
        await host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EmailConfirmed, true)));
        await person.RefreshAsync();

        Assert.Equal("identity:self", before);
        Assert.Contains("devices:write", Jwt.Claims(person.AccessToken).Text("scope"), StringComparison.Ordinal);
    }
}
