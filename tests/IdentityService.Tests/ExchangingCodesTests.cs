using System.Net;
using IdentityService.Clients;
using IdentityService.Tests.Support;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class ExchangingCodesTests(IdentityApi api)
{
    [Fact]
    public async Task Exchange_CodeTwice_EndsWhatItGave()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);
        var tokens = await application.ExchangeAsync(code);

        await RefusedAsync(await application.TryExchangeAsync(code));

        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
        await RefusedAsync(await application.TryRefreshAsync(tokens.Text("refresh_token")));
        await api.Events.AuditAsync("authorization.code_replayed", Jwt.Claims(tokens.Text("access_token")).Text("sid"), AuditResult.Denied);
    }

    [Fact]
    public async Task Exchange_CodeSideBySide_GivesTokensToOneAtMostAndTakesThemBack()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => application.TryExchangeAsync(code)));

        var tokens = await Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK).BodyAsync(HttpStatusCode.OK);
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
    }

    [Theory]
    [InlineData("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong")]
    [InlineData("code_verifier", "short")]
    [InlineData("redirect_uri", "http://127.0.0.1/native")]
    public async Task Exchange_WithAWrongParameter_UsesTheCodeUp(string name, string value)
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);

        await RefusedAsync(await application.TryExchangeAsync(code, (name, value)));
        await RefusedAsync(await application.TryExchangeAsync(code));
    }

    [Fact]
    public async Task Exchange_AnothersCode_IsRefusedAndLeavesIt()
    {
        var (application, other, person) = (await NewAsync(), await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);

        await RefusedAsync(await other.TryExchangeAsync(code, ("code_verifier", application.Verifier)));
        await RefusedAsync(await application.TryExchangeAsync("no code at all"));
        await application.ExchangeAsync(code);
    }

    [Fact]
    public async Task Exchange_ByAPublicClient_NeedsTheVerifierOnly()
    {
        var application = await Application.RegisterAsync(api.Host, api.Http, proof: ClientProof.None);
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, await api.SignedInAsync());

        Assert.NotEmpty((await application.ExchangeAsync(code)).Text("id_token"));
    }

    [Fact]
    public async Task Exchange_AfterSignOut_IsRefused()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);
        var (account, _) = await browser.OpenAsync("/account");
        await browser.SubmitAsync(account);

        await RefusedAsync(await application.TryExchangeAsync(code));
    }

    private static async Task RefusedAsync(HttpResponseMessage answer)
    {
        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        answer.Dispose();
    }

    private Task<Application> NewAsync() => Application.RegisterAsync(api.Host, api.Http);

    private Browser NewBrowser() => new(api.Http.BaseAddress!);
}
