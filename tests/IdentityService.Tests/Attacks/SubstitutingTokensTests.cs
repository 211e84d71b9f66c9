using System.Net;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Tests.Support;

namespace IdentityService.Tests.Attacks;

/// <summary>One kind of token where another is wanted (RFC 8725 section 2.8, RFC 9700 section 4.9).</summary>
public sealed class SubstitutingTokensTests(IdentityApi api)
{
    [Fact]
    public async Task Use_EveryOtherTokenAsAccessToken_IsRefused()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync(Role.Viewer));
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);
        var (key, _) = await person.CreateKeyAsync(["devices:read"]);

        foreach (var other in (string[])[tokens.Text("id_token"), tokens.Text("refresh_token"), person.RefreshToken, key, application.Client.Secret!])
        {
            using var userInfo = await application.UserInfoAsync(other);
            using var me = await person.TryMeAsync(other);
            Assert.Equal(HttpStatusCode.Unauthorized, userInfo.StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, me.StatusCode);
            Assert.Equal("""{"active":false}""", await TestClient.Gateway(api.Http).IntrospectAsync(other));
        }
    }

    [Fact]
    public async Task Use_AnApplicationsAccessToken_GivesNoMoreThanItsScopes()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync(Role.Admin));
        using var browser = new Browser(api.Http.BaseAddress!);
        var access = (await application.TokensAsync(browser, person)).Text("access_token");

        using var me = await person.TryMeAsync(access);
        using var admin = await IdentityApi.SendAsync(api.Http, HttpMethod.Get, "/api/v1/admin/clients", access);
        using var sessions = await IdentityApi.SendAsync(api.Http, HttpMethod.Delete, "/api/v1/auth/sessions", access);

        foreach (var answer in new[] { me, admin, sessions })
        {
            Assert.Equal("insufficient_scope", await answer.ProblemAsync(HttpStatusCode.Forbidden));
        }
    }

    [Fact]
    public async Task Exchange_EveryOtherTokenForNewOnes_IsRefusedAndLeavesTheSession()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync(Role.Viewer));
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);
        var code = await application.CodeAsync(browser, person);
        var (key, _) = await person.CreateKeyAsync(["devices:read"]);

        foreach (var other in (string[])[tokens.Text("access_token"), tokens.Text("id_token"), code, key, person.RefreshToken])
        {
            await RefusedAsync(application.TryRefreshAsync(other));
        }

        foreach (var other in (string[])[tokens.Text("access_token"), tokens.Text("id_token"), tokens.Text("refresh_token"), key])
        {
            await RefusedAsync(application.TryExchangeAsync(other));
            await RefusedAsync(TestClient.Gateway(api.Http).TryExchangeAsync(other == key ? tokens.Text("access_token") : other));
        }

        using var good = await application.TryRefreshAsync(tokens.Text("refresh_token"));
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        await application.ExchangeAsync(code);
    }

    [Fact]
    public async Task Prove_AClientWithATokenOfThisIssuer_IsRefused()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);

        foreach (var assertion in (string[])[tokens.Text("id_token"), tokens.Text("access_token")])
        {
            using var answer = await application.Client.AskOpenlyAsync(
                "/connect/token",
                ("grant_type", "client_credentials"),
                ("client_id", application.Client.Id),
                ("client_assertion_type", ClientAssertion.Type),
                ("client_assertion", assertion));
            Assert.Equal("invalid_client", (await answer.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
        }
    }

    private static async Task RefusedAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }
}
