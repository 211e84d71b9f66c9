using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityService.Tests.Attacks;

/// <summary>What others do in somebody's browser, or with what they saw of it (RFC 9700 section 4).</summary>
public sealed class ForgingSignInTests(IdentityApi api)
{
    // RFC 7636 appendix B.
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    [Fact]
    public async Task Consent_FormFromElsewhere_GrantsNothing()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = NewBrowser();
        using var attacker = NewBrowser();
        var (signIn, _) = await browser.OpenAsync(application.Address());
        var (consent, _) = await browser.SignInAsync(signIn, person);
        var (theirs, _) = await attacker.OpenAsync("/account/sign-in");
        var request = Field("request").Match(consent).Groups["value"].Value;
        var ownToken = Field("form").Match(consent).Groups["value"].Value;
        var theirToken = Field("form").Match(theirs).Groups["value"].Value;
        Assert.NotEqual(ownToken, theirToken);

        using var withoutToken = await browser.PostAsync("/account/consent", ("request", request), ("decision", "allow"));
        using var withTheirs = await browser.PostAsync("/account/consent", ("request", request), ("decision", "allow"), ("form", theirToken));
        using var byThem = await attacker.PostAsync("/account/consent", ("request", request), ("decision", "allow"), ("form", theirToken));
        using var crossSite = new HttpRequestMessage(HttpMethod.Post, "/account/consent")
        {
            Content = new FormUrlEncodedContent([new("request", request), new("decision", "allow"), new("form", ownToken)]),
        };
        crossSite.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var fromOtherSite = await browser.SendAsync(crossSite);

        foreach (var refused in new[] { withoutToken, withTheirs, fromOtherSite })
        {
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        Assert.DoesNotContain("code=", byThem.Headers.Location?.OriginalString ?? "", StringComparison.Ordinal);
        Assert.Equal(0, await api.Host.QueryAsync(db => db.Consents.CountAsync(row => row.UserId == person.Id)));
        var (_, back) = await browser.SubmitAsync(consent, ("decision", "allow"));
        Assert.Contains("code=", back!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_ToAnyPageWithoutItsForm_IsRefused()
    {
        using var browser = NewBrowser();
        await SignInAsync(browser, await api.SignedInAsync());
        string[] pages =
        [
            .. api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Where(page => page.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
                .Select(page => page.RoutePattern.RawText!)
                .Where(path => path.StartsWith("/account", StringComparison.Ordinal)),
        ];

        List<string> open = [];
        foreach (var path in pages)
        {
            using var answer = await browser.PostAsync(path, ("decision", "allow"), ("form", browser.Cookies["__Host-form"]));
            if (!(await answer.Content.ReadAsStringAsync()).Contains("<h1>This form is out of date", StringComparison.Ordinal))
            {
                open.Add($"{path}: {answer.StatusCode}");
            }
        }

        Assert.Contains("/account/sign-out", pages);
        Assert.Empty(open);
    }

    [Fact]
    public async Task SignIn_WithAPlantedSession_GetsAnotherCookie()
    {
        var (attacker, victim) = (await api.SignedInAsync(), await api.SignedInAsync());
        using var theirs = NewBrowser();
        await SignInAsync(theirs, attacker);
        var planted = theirs.Cookies["__Host-session"];
        using var browser = NewBrowser();
        browser.Cookies["__Host-session"] = planted;

        await SignInAsync(browser, victim);

        Assert.NotEqual(planted, browser.Cookies["__Host-session"]);
        Assert.DoesNotContain(victim.UserName, (await theirs.OpenAsync("/account")).Text, StringComparison.Ordinal);
        Assert.Contains(victim.UserName, (await browser.OpenAsync("/account")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignIn_Again_EndsTheFormerCookie()
    {
        var person = await api.SignedInAsync();
        using var browser = NewBrowser();
        using var thief = NewBrowser();
        await SignInAsync(browser, person);
        thief.Cookies["__Host-session"] = browser.Cookies["__Host-session"];

        await SignInAsync(browser, person);

        Assert.Contains("<h1>Sign in", (await thief.OpenAsync("/account")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exchange_VerifierOfRfc7636_IsTheOneForItsChallenge()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person, ("code_challenge", Challenge));

        using var answer = await application.TryExchangeAsync(code, ("code_verifier", Verifier));

        Assert.NotEmpty((await answer.BodyAsync(HttpStatusCode.OK)).Text("access_token"));
    }

    [Theory]
    [InlineData(Challenge)] // as with the method plain
    [InlineData("")]
    public async Task Exchange_WithThePkceTakenAway_IsRefused(string verifier)
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person, ("code_challenge", Challenge));

        using var answer = await application.TryExchangeAsync(code, ("code_verifier", verifier));

        Assert.Contains((await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"), (string[])["invalid_grant", "invalid_request"]);
    }

    [Fact]
    public async Task Exchange_VerifierThatCanBeGuessed_IsRefused()
    {
        // Of its own challenge, and shorter than RFC 7636 section 4.1 lets it be.
        var verifier = Verifier[..42];
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(
            browser, person, ("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))));

        using var answer = await application.TryExchangeAsync(code, ("code_verifier", verifier));

        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Exchange_CodeInjectedIntoAnothersSession_IsRefusedByItsVerifier()
    {
        // The attacker's browser began with a challenge of its own; the victim's code comes back to it.
        var (application, victim) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = NewBrowser();
        var stolen = await application.CodeAsync(browser, victim);

        using var answer = await application.TryExchangeAsync(stolen, ("code_verifier", Verifier));

        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("none")]
    public async Task Authorize_WhateverComesOfIt_NamesTheIssuer(string? prompt)
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = NewBrowser();
        var (text, back) = await browser.OpenAsync(application.Address(("prompt", prompt)));
        if (back is null)
        {
            (text, back) = await browser.SignInAsync(text, person);
            (text, back) = back is null ? await browser.SubmitAsync(text, ("decision", "allow")) : (text, back);
        }

        var metadata = await (await api.Http.GetAsync("/.well-known/openid-configuration")).BodyAsync(HttpStatusCode.OK);
        Assert.Equal(metadata.Text("issuer"), QueryHelpers.ParseQuery(back!.Query)["iss"]);
        Assert.True(metadata.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        Assert.False(metadata.GetProperty("request_parameter_supported").GetBoolean());
        Assert.False(metadata.GetProperty("request_uri_parameter_supported").GetBoolean());
    }

    [Theory]
    [InlineData("https://evil.test/")]
    [InlineData("//evil.test")]
    [InlineData("/\\evil.test")]
    [InlineData("https:evil.test")]
    public async Task SignIn_ForAnAddressInsteadOfARequest_LeadsNowhereElse(string address)
    {
        var person = await api.SignedInAsync();
        foreach (var name in (string[])["request", "user_code", "return_url", "redirect_uri", "next"])
        {
            using var browser = NewBrowser();
            var (page, _) = await browser.OpenAsync("/account/sign-in");
            using var answer = await browser.TrySubmitAsync(page, (name, address), ("username", person.UserName), ("password", person.Password));
            var location = answer.Headers.Location?.OriginalString ?? "/";
            Assert.StartsWith("/", location, StringComparison.Ordinal);
            Assert.False(location.StartsWith("//", StringComparison.Ordinal) || location.StartsWith("/\\", StringComparison.Ordinal), location);
        }
    }

    private static Regex Field(string name) =>
        new($"""name="{name}" value="(?<value>[^"]*)">""", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    private static async Task SignInAsync(Browser browser, Person person)
    {
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        await browser.SignInAsync(page, person);
    }

    private Browser NewBrowser() => new(api.Http.BaseAddress!);
}
