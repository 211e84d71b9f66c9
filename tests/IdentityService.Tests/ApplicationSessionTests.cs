using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests;

public sealed class ApplicationSessionTests(IdentityApi api)
{
    [Fact]
    public async Task Refresh_Rotates_AndReuseEndsTheFamily()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync(Role.Viewer));
        using var browser = new Browser(api.Http.BaseAddress!);
        var first = await application.TokensAsync(browser, person);

        var second = await RefreshedAsync(application, first.Text("refresh_token"));
        var third = await RefreshedAsync(application, second.Text("refresh_token"));
        await RefusedAsync(await application.TryRefreshAsync(first.Text("refresh_token")));

        Assert.Equal("openid profile devices:read", second.Text("scope"));
        Assert.False(Jwt.Claims(second.Text("id_token")).TryGetProperty("nonce", out _));
        Assert.Equal(
            Jwt.Claims(first.Text("id_token")).GetProperty("auth_time").GetInt64(),
            Jwt.Claims(second.Text("id_token")).GetProperty("auth_time").GetInt64());
        await RefusedAsync(await application.TryRefreshAsync(third.Text("refresh_token")));
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(third.Text("access_token")));
    }

    [Fact]
    public async Task Refresh_SideBySide_LeavesOneSuccessorAtMost()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var token = (await application.TokensAsync(browser, person)).Text("refresh_token");

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => application.TryRefreshAsync(token)));

        var bodies = await Task.WhenAll(answers.Where(answer => answer.IsSuccessStatusCode).Select(answer => answer.BodyAsync(HttpStatusCode.OK)));
        Assert.Single(bodies.Select(body => body.Text("refresh_token")).Distinct());
    }

    [Fact]
    public async Task Refresh_WithAnothersToken_IsRefusedAndLeavesIt()
    {
        var (application, other, person) = (await NewAsync(), await NewAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var token = (await application.TokensAsync(browser, person)).Text("refresh_token");

        await RefusedAsync(await other.TryRefreshAsync(token));
        await RefusedAsync(await other.TryRefreshAsync(person.RefreshToken));
        using var platform = await person.TryRefreshAsync(token);

        Assert.Equal("invalid_refresh_token", await platform.ProblemAsync(HttpStatusCode.Unauthorized));
        await RefreshedAsync(application, token);
        await person.RefreshAsync();
    }

    [Fact]
    public async Task Refresh_WithLessScope_GivesLess()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync(Role.Viewer));
        using var browser = new Browser(api.Http.BaseAddress!);
        var token = (await application.TokensAsync(browser, person)).Text("refresh_token");

        using var less = await application.TryRefreshAsync(token, "devices:read");
        var body = await less.BodyAsync(HttpStatusCode.OK);
        using var more = await application.TryRefreshAsync(body.Text("refresh_token"), "devices:read email");
        using var foreign = await application.TryRefreshAsync(body.Text("refresh_token"), "audit:read");

        Assert.Equal("devices:read", body.Text("scope"));
        Assert.Equal("invalid_grant", (await more.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_scope", (await foreign.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Refresh_AfterTheUserLostARole_GivesLess()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync(Role.Viewer));
        using var browser = new Browser(api.Http.BaseAddress!);
        var token = (await application.TokensAsync(browser, person)).Text("refresh_token");
        await api.Host.QueryAsync(db => db.UserRoles.Where(row => row.UserId == person.Id).ExecuteDeleteAsync());

        Assert.Equal("openid profile", (await RefreshedAsync(application, token)).Text("scope"));
    }

    [Fact]
    public async Task Revoke_RefreshToken_EndsTheFamilyAndItsAccessTokens()
    {
        var (application, other, person) = (await NewAsync(), await NewAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);
        (await other.Client.AskAsync("/connect/revoke", ("token", tokens.Text("refresh_token")))).Dispose();
        Assert.Contains("true", await application.Client.IntrospectAsync(tokens.Text("access_token")), StringComparison.Ordinal);

        using var answer = await application.Client.AskAsync("/connect/revoke", ("token", tokens.Text("refresh_token")));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await RefusedAsync(await application.TryRefreshAsync(tokens.Text("refresh_token")));
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
        await api.Events.AuditAsync("token.family_revoked", Jwt.Claims(tokens.Text("access_token")).Text("sid"));
    }

    [Fact]
    public async Task ChangePassword_ThroughAnApplication_GivesItNoMoreThanItHad()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync(Role.Viewer));
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person, ("scope", "identity:self"));

        using var answer = await person.SendAsync(
            HttpMethod.Post,
            "change-password",
            new { currentPassword = person.Password, newPassword = "eleven loud geese at dusk" },
            tokens.Text("access_token"));

        var changed = Jwt.Claims((await answer.BodyAsync(HttpStatusCode.OK)).Text("access_token"));
        Assert.Equal("identity:self", changed.Text("scope"));
        Assert.Equal(application.Client.Id, changed.Text("client_id"));
    }

    private static async Task<System.Text.Json.JsonElement> RefreshedAsync(Application application, string token)
    {
        using var answer = await application.TryRefreshAsync(token);
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    private static async Task RefusedAsync(HttpResponseMessage answer)
    {
        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        answer.Dispose();
    }

    private Task<Application> NewAsync() => Application.RegisterAsync(api.Host, api.Http);
}
