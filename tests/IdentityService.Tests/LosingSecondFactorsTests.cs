using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests;

/// <summary>Administrators help whoever has lost everything but the password, and keep out whom they must.</summary>
public sealed class LosingSecondFactorsTests(IdentityApi api)
{
    [Fact]
    public async Task Reset_ByAnAdministrator_LeavesThePasswordAndEndsEverySession()
    {
        var (admin, person) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync());
        await CodeApp.EnableAsync(person, TimeProvider.System);

        using var answer = await IdentityApi.SendAsync(api.Http, HttpMethod.Post, $"/api/v1/admin/users/{person.Id}/reset-second-factor", admin.AccessToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var old = await person.TryMeAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, old.StatusCode);
        await person.LogInAsync();
        Assert.Equal((0, 0), await api.Host.QueryAsync(async db => (
            await db.Authenticators.CountAsync(row => row.UserId == person.Id), await db.RecoveryCodes.CountAsync(row => row.UserId == person.Id))));
        await api.Events.AuditAsync("user.mfa_reset", person.Id.ToString());
    }

    [Fact]
    public async Task LogIn_DisabledBetweenPasswordAndCode_IsRefused()
    {
        var person = await api.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, TimeProvider.System);
        var challenge = (await (await person.TryLogInAsync()).BodyAsync(HttpStatusCode.Forbidden)).Text("challenge_token");
        await api.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));

        using var answer = await person.SendAsync(HttpMethod.Post, "login/2fa", new { challenge_token = challenge, recovery_code = app.RecoveryCodes[0] });

        Assert.Equal("invalid_challenge", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }
}
