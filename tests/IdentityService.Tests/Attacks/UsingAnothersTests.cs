using System.Net;
using IdentityService.Tests.Support;
using IdentityService.Tokens;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityService.Tests.Attacks;

/// <summary>Consents, hints and proofs of somebody or something else.</summary>
public sealed class UsingAnothersTests(IdentityApi api)
{
    [Fact]
    public async Task Authorize_ConsentOfWhoWasSignedInBefore_IsNotTheNextOnes()
    {
        var (application, one, two) = (await NewAsync(), await api.SignedInAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var (signIn, _) = await browser.OpenAsync(application.Address());
        var (consent, _) = await browser.SignInAsync(signIn, one);
        using var allowed = await browser.TrySubmitAsync(consent, ("decision", "allow"));
        await browser.SignInAsync((await browser.OpenAsync("/account/sign-in")).Text, two);

        var (page, back) = await browser.OpenAsync(allowed.Headers.Location!.OriginalString);

        Assert.Null(back);
        Assert.Contains("asks for access", page, StringComparison.Ordinal);
        Assert.Contains(two.UserName, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorize_ConsentToAnotherApplication_IsAskedAnew()
    {
        var (application, other, person) = (await NewAsync(), await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        await other.CodeAsync(browser, person);

        var (page, back) = await browser.OpenAsync(application.Address());

        Assert.Null(back);
        Assert.Contains("asks for access", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_WithTheSecretInTheForm_KeepsItNowhere()
    {
        var application = await NewAsync();
        (string, string)[] form = [.. application.Parameters().Select(one => (one.Key, one.Value!)), ("client_secret", application.Client.Secret!)];

        using var answer = await application.Client.AskOpenlyAsync("/connect/par", form);

        await answer.BodyAsync(HttpStatusCode.Created);
        var id = Guid.Parse(application.Client.Id);
        var kept = await api.Host.QueryAsync(db => db.AuthorizationRequests.Where(row => row.ClientId == id).Select(row => row.Parameters).SingleAsync());
        Assert.Contains("redirect_uri", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(application.Client.Secret!, kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignOut_WithAnIdTokenOfAnotherSignInOfTheSameUser_AsksTheUser()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        using var elsewhere = NewBrowser();
        await application.CodeAsync(browser, person);
        var tokens = await application.TokensAsync(elsewhere, person);

        var (page, _) = await browser.OpenAsync(LogoutOf(("id_token_hint", tokens.Text("id_token"))));

        Assert.Contains("<h1>Sign out?", page, StringComparison.Ordinal);
        Assert.Contains(person.UserName, (await browser.OpenAsync("/account")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logout+jwt", "https://platform.test")]
    [InlineData("JWT", "https://elsewhere.test")]
    public async Task SignOut_WithAnotherKindOfTokenOrIssuersAsHint_IsRefused(string type, string issuer)
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var claims = Jwt.Claims((await application.TokensAsync(browser, person)).Text("id_token"));

        using var good = await browser.GetAsync(LogoutOf(("id_token_hint", Sign("JWT", "https://platform.test")), ("client_id", "x")));
        using var bad = await browser.GetAsync(LogoutOf(("id_token_hint", Sign(type, issuer))));

        Assert.Contains("of another one", await good.Content.ReadAsStringAsync(), StringComparison.Ordinal); // read, and of another client
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Contains("not from here", await bad.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        string Sign(string kind, string from) => api.Host.Services.GetRequiredService<JwtSigning>().Sign(kind, payload =>
        {
            foreach (var name in (string[])["sub", "aud", "sid"])
            {
                payload.WriteString(name, claims.Text(name));
            }

            payload.WriteString("iss", from);
        });
    }

    [Fact]
    public async Task SignOut_BackToADisabledApplication_GoesNowhere()
    {
        var application = await Application.RegisterAsync(api.Host, api.Http, row => row.Disable(true, TimeProvider.System.GetUtcNow()));
        using var browser = NewBrowser();

        using var answer = await browser.GetAsync(LogoutOf(("client_id", application.Client.Id), ("post_logout_redirect_uri", Application.SignedOutUri)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static string LogoutOf(params (string Name, string Value)[] query) => QueryHelpers.AddQueryString(
        "/connect/logout", query.ToDictionary(one => one.Name, one => (string?)one.Value, StringComparer.Ordinal));

    private Task<Application> NewAsync() => Application.RegisterAsync(api.Host, api.Http);

    private Browser NewBrowser() => new(api.Http.BaseAddress!);
}
