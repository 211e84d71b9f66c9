using System.Net;
using System.Text.Json;
using IdentityService.SecondFactor;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityService.Tests;

/// <summary>Applications whose users have a second factor, or should have.</summary>
public sealed class SecondFactorPageTests : IClassFixture<OwnHost>
{
    private readonly OwnHost _own;

    public SecondFactorPageTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task SignIn_PasswordAndCode_LeadsBackToTheApplication()
    {
        var (application, person, app) = await WithSecondFactorAsync();
        using var browser = new Browser(_own.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync(application.Address());
        (page, _) = await browser.SignInAsync(page, person);
        Assert.Contains("<h1>Enter your code", page, StringComparison.Ordinal);
        var (wrong, _) = await browser.SubmitAsync(page, ("code", app.WrongCode));
        Assert.Contains("""<p class="fault" role="alert">The code is not right""", wrong, StringComparison.Ordinal);

        var (consent, _) = await browser.SubmitAsync(wrong, ("code", app.Code[..3] + " " + app.Code[3..]));
        var (_, back) = await browser.SubmitAsync(consent, ("decision", "allow"));

        var claims = await IdTokenAsync(application, back);
        Assert.Equal(["pwd", "otp", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("aal2", claims.Text("acr"));
        Assert.Equal(_own.Time.GetUtcNow().ToUnixTimeSeconds(), claims.GetProperty("auth_time").GetInt64());
    }

    [Fact]
    public async Task SignIn_RefreshedByTheApplication_KeepsHowItWas()
    {
        var (application, person, app) = await WithSecondFactorAsync();
        using var browser = new Browser(_own.Http.BaseAddress!);
        var tokens = await application.ExchangeAsync(await CodeAsync(application, browser, person, app));
        _own.Time.Advance(TimeSpan.FromMinutes(3));

        var refreshed = await (await application.TryRefreshAsync(tokens.Text("refresh_token"))).BodyAsync(HttpStatusCode.OK);

        var (first, second) = (Jwt.Claims(tokens.Text("id_token")), Jwt.Claims(refreshed.Text("id_token")));
        foreach (var claim in (string[])["amr", "acr", "auth_time", "sid"])
        {
            Assert.Equal(first.GetProperty(claim).ToString(), second.GetProperty(claim).ToString());
        }
    }

    [Fact]
    public async Task SignIn_PasswordAlone_SignsNobodyIn()
    {
        var (application, person, _) = await WithSecondFactorAsync();
        using var browser = new Browser(_own.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        await browser.SignInAsync(page, person);

        var (account, _) = await browser.OpenAsync("/account");
        var (request, _) = await browser.OpenAsync(application.Address());

        Assert.Contains("<h1>Sign in", account, StringComparison.Ordinal);
        Assert.Contains("<h1>Sign in", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShowCode_WithoutAPasswordBefore_AsksForIt()
    {
        using var browser = new Browser(_own.Http.BaseAddress!);
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync("/account/sign-in/code")).Text, StringComparison.Ordinal);
        browser.Cookies["__Host-challenge"] = "forged.challenge";
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync("/account/sign-in/code")).Text, StringComparison.Ordinal);
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync("/account/step-up")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignIn_FormOfAnotherBrowser_IsRefused()
    {
        var (_, person, app) = await WithSecondFactorAsync();
        using var browser = new Browser(_own.Http.BaseAddress!);
        using var other = new Browser(_own.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        (page, _) = await browser.SignInAsync(page, person);
        await other.OpenAsync("/account/sign-in");

        using var stolen = await other.TrySubmitAsync(page, ("code", app.Code));
        using var unsigned = await browser.PostAsync("/account/sign-in/code", ("code", app.Code));

        Assert.Equal(HttpStatusCode.BadRequest, stolen.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, unsigned.StatusCode);
        Assert.Contains(person.UserName, (await browser.SubmitAsync(page, ("code", app.Code))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignIn_WithARecoveryCode_Works()
    {
        var (_, person, app) = await WithSecondFactorAsync();
        using var browser = new Browser(_own.Http.BaseAddress!);
        var (page, _) = await browser.OpenAsync("/account/sign-in");
        (page, _) = await browser.SignInAsync(page, person);

        var (account, _) = await browser.SubmitAsync(page, ("code", app.RecoveryCodes[0]));

        Assert.Contains("<h1>Your account", account, StringComparison.Ordinal);
        await _own.Events.AuditAsync("user.recovery_code_used", person.Id.ToString());
    }

    [Fact]
    public async Task Authorize_AskingForMoreThanThePassword_AsksForACodeOnly()
    {
        var (application, person) = (await Application.RegisterAsync(_own.Host, _own.Http), await _own.SignedInAsync());
        using var browser = new Browser(_own.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person, ("acr_values", "aal1"));
        Assert.Equal("aal1", Jwt.Claims(tokens.Text("id_token")).Text("acr"));
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);

        var (_, silent) = await browser.OpenAsync(application.Address(("acr_values", "aal2"), ("prompt", "none")));
        Assert.Contains("error=login_required", silent!.Query, StringComparison.Ordinal);
        var (page, _) = await browser.OpenAsync(application.Address(("acr_values", "aal2 aal3")));
        Assert.Contains("<h1>Enter your code", page, StringComparison.Ordinal);
        var (_, back) = await browser.SubmitAsync(page, ("code", app.Code));

        var claims = await IdTokenAsync(application, back);
        Assert.Equal("aal2", claims.Text("acr"));
        Assert.Equal(["pwd", "otp", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        await _own.Events.AuditAsync("user.stepped_up", person.Id.ToString());
        Assert.NotNull((await browser.OpenAsync(application.Address(("acr_values", "aal2")))).Out);
    }

    [Theory]
    [InlineData("aal2")]
    [InlineData("aal3")]
    public async Task Authorize_AskingForWhatTheUserHasNot_SaysSo(string level)
    {
        var (application, person) = (await Application.RegisterAsync(_own.Host, _own.Http), await _own.SignedInAsync());
        using var browser = new Browser(_own.Http.BaseAddress!);
        await application.TokensAsync(browser, person);

        var (_, back) = await browser.OpenAsync(application.Address(("acr_values", level)));

        Assert.Equal("unmet_authentication_requirements", QueryHelpers.ParseQuery(back!.Query)["error"]);
    }

    [Theory]
    [InlineData("prompt", "login")]
    [InlineData("max_age", "60")]
    public async Task Authorize_AskingForANewSignIn_AsksForPasswordAndCode(string parameter, string value)
    {
        var (application, person, app) = await WithSecondFactorAsync();
        using var browser = new Browser(_own.Http.BaseAddress!);
        await application.ExchangeAsync(await CodeAsync(application, browser, person, app));
        _own.Time.Advance(TimeSpan.FromMinutes(2));
        var asked = _own.Time.GetUtcNow();

        var (page, _) = await browser.OpenAsync(application.Address((parameter, value)));
        Assert.Contains("<h1>Sign in", page, StringComparison.Ordinal);
        (page, _) = await browser.SignInAsync(page, person);
        Assert.Contains("<h1>Enter your code", page, StringComparison.Ordinal);
        var (_, back) = await browser.SubmitAsync(page, ("code", app.Code));

        Assert.Equal(asked.ToUnixTimeSeconds(), (await IdTokenAsync(application, back)).GetProperty("auth_time").GetInt64());
    }

    private static async Task<string> CodeAsync(Application application, Browser browser, Person person, CodeApp app)
    {
        var (page, _) = await browser.OpenAsync(application.Address());
        (page, _) = await browser.SignInAsync(page, person);
        (page, _) = await browser.SubmitAsync(page, ("code", app.Code));
        var (_, back) = await browser.SubmitAsync(page, ("decision", "allow"));
        return QueryHelpers.ParseQuery(back!.Query)["code"].ToString();
    }

    private static async Task<JsonElement> IdTokenAsync(Application application, Uri? back) =>
        Jwt.Claims((await application.ExchangeAsync(QueryHelpers.ParseQuery(back!.Query)["code"].ToString())).Text("id_token"));

    private async Task<(Application Application, Person Person, CodeApp App)> WithSecondFactorAsync()
    {
        var (application, person) = (await Application.RegisterAsync(_own.Host, _own.Http), await _own.SignedInAsync());
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);
        return (application, person, app);
    }
}
