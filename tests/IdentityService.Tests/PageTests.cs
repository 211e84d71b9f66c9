using System.Net;
using System.Text.RegularExpressions;
using IdentityService.Pages;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed partial class PageTests(IdentityApi api)
{
    [Fact]
    public async Task Show_EveryPage_RunsNothingAndIsReadable()
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        using var signIn = await browser.GetAsync((await browser.GetAsync(application.Address())).Headers.Location!.OriginalString);
        var signInText = await CheckAsync(signIn, "form-action 'self' https://app.test;");
        using var signedIn = await browser.TrySubmitAsync(signInText, ("username", person.UserName), ("password", person.Password));
        using var consent = await browser.GetAsync((await browser.GetAsync(signedIn.Headers.Location!.OriginalString)).Headers.Location!.OriginalString);
        await CheckAsync(consent, "form-action 'self' https://app.test;");
        foreach (var path in new[] { "/account", "/account/sign-in", "/account/device", "/account/forgot-password", "/account/verify-email?token=x", "/account/reset-password?token=x", "/connect/logout", "/connect/authorize" })
        {
            using var page = await browser.GetAsync(path);
            await CheckAsync(page, "form-action 'self';");
        }

        using var style = await browser.GetAsync(PageEndpoints.Stylesheet);
        Assert.Equal("text/css", style.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task SignIn_Cookies_AreForThisHostAndNoScript()
    {
        var person = await api.SignedInAsync();
        using var browser = new Browser(api.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        using var answer = await browser.TrySubmitAsync(page, ("username", person.UserName), ("password", person.Password));

        var cookie = Assert.Single(browser.SetCookies);
        Assert.StartsWith("__Host-session=", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure; samesite=lax; httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task SignIn_FormFromElsewhere_IsRefused()
    {
        var person = await api.SignedInAsync();
        using var browser = new Browser(api.Http.BaseAddress!);
        using var other = new Browser(api.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        await other.OpenAsync("/account/sign-in");
        (string, string)[] fields = [("username", person.UserName), ("password", person.Password)];

        using var withoutToken = await browser.PostAsync("/account/sign-in", fields);
        using var withAnothersToken = await other.TrySubmitAsync(page, fields);
        browser.Cookies.Remove("__Host-form", out var form);
        using var withoutCookie = await browser.TrySubmitAsync(page, fields);
        browser.Cookies["__Host-form"] = form!;
        using var crossSite = new HttpRequestMessage(HttpMethod.Post, "/account/sign-in")
        {
            Content = new FormUrlEncodedContent([new("form", Token().Match(page).Groups["token"].Value), .. fields.Select(one => KeyValuePair.Create(one.Item1, one.Item2))]),
        };
        crossSite.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var fromOtherSite = await browser.SendAsync(crossSite);
        using var right = await browser.TrySubmitAsync(page, fields);

        foreach (var refused in new[] { withoutToken, withAnothersToken, withoutCookie, fromOtherSite })
        {
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.DoesNotContain("session=", string.Join(';', refused.Headers.TryGetValues("Set-Cookie", out var set) ? set : []), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.SeeOther, right.StatusCode);
    }

    [Fact]
    public async Task SignIn_WrongPassword_TellsNothingAndSlowsDown()
    {
        var person = await api.SignedInAsync();
        using var browser = new Browser(api.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");

        var (wrong, _) = await browser.SubmitAsync(page, ("username", person.UserName), ("password", "wrong"));
        var (unknown, _) = await browser.SubmitAsync(page, ("username", "nobody<script>"), ("password", "wrong"));
        for (var attempt = 0; attempt < 6; attempt++)
        {
            (page, _) = await browser.SubmitAsync(page, ("username", person.UserName), ("password", "wrong"));
        }

        Assert.Contains("The user name or the password is not right.", wrong, StringComparison.Ordinal);
        Assert.Contains("The user name or the password is not right.", unknown, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", unknown, StringComparison.Ordinal);
        Assert.Contains("Too many failed attempts", page, StringComparison.Ordinal);
        Assert.NotEmpty(api.Events.Of<AuditRecorded>(_ => true));
    }

    [Fact]
    public async Task SignIn_AsSomeoneElse_EndsTheFormerSignIn()
    {
        var (application, one, two) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, one);

        var (page, _) = await browser.OpenAsync("/account/sign-in");
        var (account, _) = await browser.SignInAsync(page, two);

        Assert.Contains(two.UserName, account, StringComparison.Ordinal);
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
    }

    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("x")]
    [InlineData("")]
    public async Task Show_WithAPlantedCookie_IsNobodys(string cookie)
    {
        using var browser = new Browser(api.Http.BaseAddress!) { Cookies = { ["__Host-session"] = cookie } };
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync("/account")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_WithASignInWhoseTimeIsOver_IsNobodys()
    {
        var person = await api.SignedInAsync();
        using var browser = new Browser(api.Http.BaseAddress!);
        await browser.SignInAsync((await browser.OpenAsync("/account/sign-in")).Text, person);
        using var before = await person.TryMeAsync();
        await api.Host.QueryAsync(db => db.Sessions.Where(row => row.UserId == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, TimeProvider.System.GetUtcNow())));

        using var after = await person.TryMeAsync();

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (before.StatusCode, after.StatusCode));
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync("/account")).Text, StringComparison.Ordinal);
    }

    private static async Task<string> CheckAsync(HttpResponseMessage page, string formAction)
    {
        var text = await page.Content.ReadAsStringAsync();
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; style-src 'self'; ", policy, StringComparison.Ordinal);
        Assert.Contains(formAction, policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("DENY", page.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("no-store", page.Headers.CacheControl?.ToString());
        var scripts = Regex.Matches(text, "(?i)<script[^>]*>.*?</script>", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(script => script.Value);
        Assert.All(scripts, script => Assert.Equal("""<script src="/account/passkeys.js" defer></script>""", script));
        Assert.Equal(scripts.Any(), policy.Contains("script-src 'self';", StringComparison.Ordinal));
        Assert.DoesNotMatch("(?i)style=|\\son[a-z]+=|javascript:", text);
        Assert.Contains("<html lang=\"en\">", text, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(text, "<h1>", RegexOptions.None, TimeSpan.FromSeconds(1)));
        foreach (Match field in Visible().Matches(text))
        {
            Assert.Contains($"<label for=\"{field.Groups["id"].Value}\">", text, StringComparison.Ordinal);
        }

        return text;
    }

    [GeneratedRegex("<input id=\"(?<id>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Visible();

    [GeneratedRegex("name=\"form\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
