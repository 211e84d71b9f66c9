using System.Net;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityService.Tests.Attacks;

/// <summary>Line ends and markup in everything that an answer repeats.</summary>
public sealed class InjectingHeadersTests(IdentityApi api)
{
    private const string Lines = "x\r\nX-Injected: 1\r\n\r\n<script>alert(1)</script>";

    [Theory]
    [InlineData("state")]
    [InlineData("nonce")]
    [InlineData("scope")]
    [InlineData("prompt")]
    [InlineData("login_hint")]
    [InlineData("response_type")]
    [InlineData("response_mode")]
    [InlineData("redirect_uri")]
    [InlineData("client_id")]
    [InlineData("code_challenge")]
    [InlineData("max_age")]
    [InlineData("request")]
    [InlineData("request_uri")]
    [InlineData("ui_locales")]
    public async Task Authorize_LineEndsInAParameter_AreNoHeaderAndNoMarkup(string name)
    {
        var (application, person) = (await Application.RegisterAsync(api.Host, api.Http), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var (signIn, _) = await browser.OpenAsync("/account/sign-in");
        await browser.SignInAsync(signIn, person);

        using var first = await browser.GetAsync(application.Address((name, Lines)));
        MustBeHarmless(first, await first.Content.ReadAsStringAsync());
        var (page, back) = await browser.OpenAsync(application.Address((name, Lines)));
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        if (back is null && page.Contains("name=\"decision\"", StringComparison.Ordinal))
        {
            (page, back) = await browser.SubmitAsync(page, ("decision", "allow"));
        }

        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.True(back is not null || name is not ("state" or "nonce"), page); // what the application may say as it likes
        if (back is not null)
        {
            Assert.DoesNotContain('\n', back.OriginalString);
            Assert.DoesNotContain('\r', back.OriginalString);
            Assert.StartsWith(Application.RedirectUri, back.OriginalString, StringComparison.Ordinal);
            Assert.Equal(name == "state" ? Lines : "a state & more", QueryHelpers.ParseQuery(back.Query)["state"]);
        }
    }

    [Theory]
    [InlineData("/account/sign-in?request={0}")]
    [InlineData("/account/sign-in?user_code={0}")]
    [InlineData("/account/consent?request={0}")]
    [InlineData("/account/device?user_code={0}")]
    [InlineData("/connect/logout?post_logout_redirect_uri={0}")]
    [InlineData("/connect/logout?id_token_hint={0}")]
    [InlineData("/connect/logout?client_id={0}&state={0}")]
    [InlineData("/api/v1/auth/sessions?cursor={0}")]
    [InlineData("/.well-known/openid-configuration?{0}={0}")]
    public async Task Show_LineEndsInAnAddress_AreNoHeaderAndNoMarkup(string address)
    {
        using var browser = new Browser(api.Http.BaseAddress!);

        using var answer = await browser.GetAsync(string.Format(null, address, Uri.EscapeDataString(Lines)));

        MustBeHarmless(answer, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Ask_LineEndsInAForm_AreNoHeader()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        foreach (var path in (string[])["/connect/token", "/connect/introspect", "/connect/revoke", "/connect/par", "/connect/device_authorization"])
        {
            foreach (var name in (string[])["grant_type", "scope", "token", "client_id", "redirect_uri", "code", "state"])
            {
                using var answer = await client.AskAsync(path, (name, Lines));
                MustBeHarmless(answer, body: "");
            }
        }
    }

    [Fact]
    public async Task SignIn_LineEndsInTheName_AreShownAsTheyAre()
    {
        using var browser = new Browser(api.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");

        using var answer = await browser.TrySubmitAsync(page, ("username", Lines), ("password", Lines));

        MustBeHarmless(answer, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task SignIn_LineEndsInTheCodeOfADevice_AreNoHeader()
    {
        var person = await api.SignedInAsync();
        using var browser = new Browser(api.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");

        using var answer = await browser.TrySubmitAsync(page, ("user_code", Lines), ("username", person.UserName), ("password", person.Password));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        MustBeHarmless(answer, await answer.Content.ReadAsStringAsync());
    }

    private static void MustBeHarmless(HttpResponseMessage answer, string body)
    {
        Assert.True((int)answer.StatusCode < 500, $"{answer.StatusCode}");
        Assert.False(answer.Headers.Contains("X-Injected"));
        Assert.All(answer.Headers.Concat(answer.Content.Headers), header => Assert.All(header.Value, value => Assert.DoesNotContain('\n', value)));
        Assert.DoesNotContain("<script>", body, StringComparison.Ordinal);
        if (answer.StatusCode == HttpStatusCode.SeeOther && answer.Headers.Location is { IsAbsoluteUri: true, Scheme: not "file" } away)
        {
            Assert.StartsWith(Application.RedirectUri, away.OriginalString, StringComparison.Ordinal);
        }
    }
}
