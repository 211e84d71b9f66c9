using System.Net;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class AuthorizingApplicationsTests(IdentityApi api)
{
    private const string Issuer = "https://platform.test";

    [Fact]
    public async Task Authorize_WholeWay_GivesTheApplicationItsTokens()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync(Role.Viewer));
        using var browser = NewBrowser();

        var (signIn, _) = await browser.OpenAsync(application.Address(("login_hint", person.UserName)));
        Assert.Contains($"value=\"{person.UserName}\"", signIn, StringComparison.Ordinal);
        var (consent, _) = await browser.SignInAsync(signIn, person);
        Assert.Contains("Notes &amp; &lt;Co&gt; asks for access", consent, StringComparison.Ordinal);
        Assert.Contains("see devices", consent, StringComparison.Ordinal);
        var (_, back) = await browser.SubmitAsync(consent, ("decision", "allow"));

        Assert.StartsWith(Application.RedirectUri, back!.AbsoluteUri, StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(back.Query);
        Assert.Equal("a state & more", query["state"]);
        Assert.Equal(Issuer, query["iss"]);
        using var answer = await application.TryExchangeAsync(query["code"].ToString());
        var tokens = await answer.BodyAsync(HttpStatusCode.OK);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal("openid profile devices:read", tokens.Text("scope"));
        var access = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(application.Client.Id, access.Text("client_id"));
        Assert.Equal(person.Id.ToString(), access.Text("sub"));
        Assert.Equal(0, access.GetProperty("roles").GetArrayLength());
        var id = Jwt.Claims(tokens.Text("id_token"));
        Assert.Equal("a nonce", id.Text("nonce"));
        Assert.Equal(application.Client.Id, id.Text("aud"));
        Assert.Equal(access.Text("sid"), id.Text("sid"));
        await api.Events.AuditAsync("authorization.code_exchanged", access.Text("sid"));
        await api.Events.AuditAsync("consent.granted", application.Client.Id);
    }

    [Fact]
    public async Task Authorize_Again_AsksNeitherForPasswordNorConsent()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        await application.CodeAsync(browser, person);

        var (_, again) = await browser.OpenAsync(application.Address());
        var (more, _) = await browser.OpenAsync(application.Address(("scope", "openid email")));
        var (_, silent) = await browser.OpenAsync(application.Address(("prompt", "none")));
        var (_, silentMore) = await browser.OpenAsync(application.Address(("scope", "openid email"), ("prompt", "none")));
        var (asked, _) = await browser.OpenAsync(application.Address(("prompt", "consent")));

        Assert.Contains("code=", again!.Query, StringComparison.Ordinal);
        Assert.Contains("see your e-mail address", more, StringComparison.Ordinal);
        Assert.Contains("code=", silent!.Query, StringComparison.Ordinal);
        Assert.Equal("consent_required", ErrorOf(silentMore));
        Assert.Contains("asks for access", asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorize_ByATrustedApplication_AsksForNoConsent()
    {
        var (application, person) = (await NewAsync(row => row.Trusted = true), await api.SignedInAsync());
        using var browser = NewBrowser();
        var (signIn, _) = await browser.OpenAsync(application.Address());

        var (_, back) = await browser.SignInAsync(signIn, person);

        Assert.Contains("code=", back!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorize_Denied_TellsTheApplication()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var (signIn, _) = await browser.OpenAsync(application.Address());
        var (consent, _) = await browser.SignInAsync(signIn, person);

        var (_, back) = await browser.SubmitAsync(consent, ("decision", "deny"));
        var (over, _) = await browser.SubmitAsync(consent, ("decision", "allow"));

        Assert.Equal("access_denied", ErrorOf(back));
        Assert.Equal(Issuer, QueryHelpers.ParseQuery(back!.Query)["iss"]);
        Assert.Contains("does not work", over, StringComparison.Ordinal);
        await api.Events.AuditAsync("consent.denied", application.Client.Id, AuditResult.Denied);
    }

    [Theory]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", "code id_token", "unsupported_response_type")]
    [InlineData("response_type", null, "invalid_request")]
    [InlineData("response_mode", "fragment", "invalid_request")]
    [InlineData("scope", "openid identity:admin", "invalid_scope")]
    [InlineData("scope", null, "invalid_scope")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("prompt", "shout", "invalid_request")]
    [InlineData("max_age", "-1", "invalid_request")]
    [InlineData("request", "eyJ", "request_not_supported")]
    [InlineData("prompt", "none", "login_required")]
    public async Task Authorize_BadParameter_TellsTheApplication(string name, string? value, string error)
    {
        var application = await NewAsync();
        using var browser = NewBrowser();

        var (_, back) = await browser.OpenAsync(application.Address((name, value)));

        Assert.StartsWith(Application.RedirectUri, back!.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(error, ErrorOf(back));
        Assert.Equal("a state & more", QueryHelpers.ParseQuery(back.Query)["state"]);
    }

    [Theory]
    [InlineData("redirect_uri", null)]
    [InlineData("redirect_uri", "https://evil.test/callback")]
    [InlineData("redirect_uri", "https://app.test/callback/")]
    [InlineData("redirect_uri", "https://app.test/callback?x=1")]
    [InlineData("redirect_uri", "https://app.test/Callback")]
    [InlineData("redirect_uri", "https://app.test/callback\r\nX: y")]
    [InlineData("redirect_uri", "https://app.test@evil.test/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:80@evil.test/native")]
    [InlineData("redirect_uri", "http://127.0.0.1.evil.test/native")]
    [InlineData("redirect_uri", "http://localhost:1234/native")]
    [InlineData("redirect_uri", "javascript:alert(1)")]
    [InlineData("state", "nul\0inside")]
    [InlineData("client_id", null)]
    [InlineData("client_id", "gateway")]
    [InlineData("client_id", "018f2f6e-0000-7000-8000-000000000000")]
    [InlineData("request_uri", "urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("request_uri", "https://evil.test/request")]
    public async Task Authorize_WhereNobodyMayBeSent_ShowsAPage(string name, string? value)
    {
        var application = await NewAsync();
        using var browser = NewBrowser();

        using var answer = await browser.GetAsync(application.Address((name, value)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Authorize_ParameterTwice_ShowsAPage()
    {
        var application = await NewAsync();
        using var browser = NewBrowser();

        using var answer = await browser.GetAsync($"{application.Address()}&redirect_uri=https%3A%2F%2Fevil.test");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Authorize_NativeApplication_MayUseAnyLoopbackPort()
    {
        var application = await NewAsync(row => row.Trusted = true);
        using var browser = NewBrowser();
        var (signIn, _) = await browser.OpenAsync(application.Address(("redirect_uri", "http://127.0.0.1:51234/native")));
        var (_, back) = await browser.SignInAsync(signIn, await api.SignedInAsync());

        Assert.StartsWith("http://127.0.0.1:51234/native?code=", back!.AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorize_PromptLogin_WantsThePasswordAgainOnce()
    {
        var (application, person) = (await NewAsync(row => row.Trusted = true), await api.SignedInAsync());
        using var browser = NewBrowser();
        await application.CodeAsync(browser, person);
        var first = browser.Cookies["__Host-session"];

        foreach (var (name, value) in new[] { ("prompt", "login"), ("max_age", "0") })
        {
            var (signIn, back) = await browser.OpenAsync(application.Address((name, value)));
            Assert.Null(back);
            (_, back) = await browser.SignInAsync(signIn, person);
            Assert.Contains("code=", back!.Query, StringComparison.Ordinal);
        }

        Assert.NotEqual(first, browser.Cookies["__Host-session"]);
    }

    [Fact]
    public async Task Authorize_UserOfAnotherTenant_IsDenied()
    {
        var tenant = await NewTenantAsync();
        var (own, everyones) = (await NewAsync(), await NewAsync(row => row.AllTenants = true));
        var person = await api.SignedInAsync();
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE users SET tenant_id = {tenant} WHERE id = {person.Id}"));
        using var browser = NewBrowser();

        var (signIn, _) = await browser.OpenAsync(own.Address());
        var (_, back) = await browser.SignInAsync(signIn, person);

        Assert.Equal("access_denied", ErrorOf(back));
        Assert.Equal(tenant.ToString(), Jwt.Claims((await everyones.TokensAsync(browser, person)).Text("access_token")).Text("tid"));
    }

    [Fact]
    public async Task Authorize_ByPost_LeadsToTheSamePage()
    {
        var application = await NewAsync();
        using var browser = NewBrowser();

        using var answer = await browser.PostAsync("/connect/authorize", [.. application.Parameters().Select(one => (one.Key, one.Value!))]);

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync(answer.Headers.Location!.OriginalString)).Text, StringComparison.Ordinal);
    }

    private static string ErrorOf(Uri? back) => QueryHelpers.ParseQuery(back!.Query)["error"].ToString();

    private Task<Application> NewAsync(Action<Client>? change = null) => Application.RegisterAsync(api.Host, api.Http, change);

    private Browser NewBrowser() => new(api.Http.BaseAddress!);

    private async Task<Guid> NewTenantAsync()
    {
        var id = Guid.CreateVersion7();
        await api.Host.QueryAsync(db =>
        {
            db.Tenants.Add(new Tenant { Id = id, Name = id.ToString("N") });
            return db.SaveChangesAsync();
        });
        return id;
    }
}
