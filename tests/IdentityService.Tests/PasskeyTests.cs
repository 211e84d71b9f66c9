using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using ServiceDefaults.Contracts;
using static IdentityService.Tests.Support.PasskeyRequests;

namespace IdentityService.Tests;

/// <summary>Passkeys of a real browser, whose authenticator is Chromium's virtual one.</summary>
public sealed class PasskeyTests(RealBrowser chromium) : IClassFixture<RealBrowser>
{
    [Fact]
    public async Task SignIn_WithAPasskeyForAnApplication_IsTwoFactors()
    {
        var (application, person) = (await Application.RegisterAsync(chromium.Host, chromium.Http), await chromium.RegisteredAsync());
        await using var window = await chromium.OpenAsync();
        var page = window.Page;
        await page.GotoAsync("/account");
        await window.SignInAsync(person);
        await page.GetByLabel("Name of the new passkey").FillAsync("Laptop <1>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove Laptop <1>" }).WaitForAsync();
        await chromium.Events.AuditAsync("passkey.registered", person.Id.ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You are signed out").WaitForAsync();

        await page.GotoAsync(application.Address(("acr_values", "aal2")));
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await page.WaitForURLAsync("https://app.test/**");

        var tokens = await application.ExchangeAsync(QueryHelpers.ParseQuery(new Uri(page.Url).Query)["code"].ToString());
        var claims = Jwt.Claims(tokens.Text("id_token"));
        Assert.Equal(person.Id.ToString(), claims.Text("sub"));
        Assert.Equal(["hwk", "user", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("aal2", claims.Text("acr"));
    }

    [Fact]
    public async Task SignIn_CancelledOrWithoutOne_IsSaidAndLeavesThePassword()
    {
        var person = await chromium.RegisteredAsync();
        await using var window = await chromium.OpenAsync();
        await window.Page.GotoAsync("/account/sign-in");

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();

        await Assertions.Expect(window.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("No passkey was used. Try again, or use your password.");
        await window.SignInAsync(person);
        await window.Page.GetByText(person.UserName).WaitForAsync();
    }

    [Fact]
    public async Task SignIn_WhereSomebodyElseIsSignedIn_EndsThatSignIn()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        var other = await chromium.RegisteredAsync();
        await window.Page.GotoAsync("/account/sign-in");
        await window.SignInAsync(other);
        await window.Page.GetByText(other.UserName).WaitForAsync();
        await window.Page.GotoAsync("/account/sign-in");

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();

        await window.Page.GetByText(person.UserName).WaitForAsync();
        Assert.NotNull(await chromium.Host.QueryAsync(db => db.Sessions.Where(row => row.UserId == other.Id).Select(row => row.RevokedAt).SingleAsync()));
    }

    [Fact]
    public async Task LogIn_ByTheApi_BeginsASession()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        var offer = await chromium.OfferAsync();
        Assert.Equal("localhost", offer.GetProperty("options").Text("rpId"));
        Assert.Equal("required", offer.GetProperty("options").Text("userVerification"));

        var tokens = await (await chromium.TryLogInAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer))).BodyAsync(HttpStatusCode.OK);

        var claims = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(person.Id.ToString(), claims.Text("sub"));
        Assert.Equal(["hwk", "user", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("aal2", claims.Text("acr"));
        Assert.Equal(2u, await chromium.Host.QueryAsync(async db => (await db.UserPasskeys.SingleAsync(row => row.UserId == person.Id)).Data.SignCount));
    }

    [Fact]
    public async Task LogIn_ReplayedOrWithAnotherChallenge_IsRefused()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        var offer = await chromium.OfferAsync();
        var credential = await window.UseAsync(offer.GetProperty("options"), chromium.Issuer);

        await chromium.RefusedAsync(await chromium.OfferAsync(), credential);
        await (await chromium.TryLogInAsync(offer, credential)).BodyAsync(HttpStatusCode.OK);
        await chromium.ResetCounterAsync(person); // or the counter alone would refuse it
        await chromium.RefusedAsync(offer, credential);
    }

    [Fact]
    public async Task LogIn_FromAnotherOrigin_IsRefused()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        var offer = await chromium.OfferAsync();

        await chromium.RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), Window.Elsewhere));
        var record = await chromium.Events.AuditAsync("user.login_failed", person.Id.ToString(), AuditResult.Denied);
        Assert.Equal("passkey_refused", record.Detail!["reason"]);
    }

    [Fact]
    public async Task LogIn_WithTheCounterGoneBack_IsRefusedAndRecordedAsACopy()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        await chromium.Host.QueryAsync(async db =>
        {
            (await db.UserPasskeys.SingleAsync(row => row.UserId == person.Id)).Data.SignCount = 1000;
            return await db.SaveChangesAsync();
        });
        var offer = await chromium.OfferAsync();

        await chromium.RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer));
        var record = await chromium.Events.AuditAsync("user.login_failed", person.Id.ToString(), AuditResult.Denied);
        Assert.Equal("passkey_counter_went_back", record.Detail!["reason"]);
        Assert.Equal(AuditSeverity.Critical, record.Severity);
    }

    [Fact]
    public async Task LogIn_UserNotVerified_IsRefused()
    {
        var (window, _) = await chromium.WithPasskeyAsync();
        await using var _1 = window;
        var offer = await chromium.OfferAsync();
        var options = JsonNode.Parse(offer.GetProperty("options").GetRawText())!;
        options["userVerification"] = "discouraged";
        await window.VerifyUserAsync(verified: false);

        await chromium.RefusedAsync(offer, await window.UseAsync(JsonSerializer.SerializeToElement(options), chromium.Issuer));
    }

    [Fact]
    public async Task LogIn_ChangedCredential_IsRefused()
    {
        var (window, _) = await chromium.WithPasskeyAsync();
        await using var _1 = window;
        var (_, other) = await chromium.WithPasskeyAsync();
        var offer = await chromium.OfferAsync();
        var credential = JsonNode.Parse((await window.UseAsync(offer.GetProperty("options"), chromium.Issuer)).GetRawText())!;
        var genuine = credential.DeepClone();
        credential["response"]!["userHandle"] = Jwt.Encode(other.Id.ToString());

        await chromium.RefusedAsync(offer, JsonSerializer.SerializeToElement(credential));
        await chromium.RefusedAsync(offer, JsonSerializer.SerializeToElement(new { id = "x" }));
        await chromium.RefusedAsync(offer, JsonSerializer.SerializeToElement("text"));
        await (await chromium.TryLogInAsync(offer, JsonSerializer.SerializeToElement(genuine))).BodyAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task LogIn_DisabledAccount_IsRefused()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        await chromium.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));
        var offer = await chromium.OfferAsync();

        await chromium.RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer));
    }

    [Fact]
    public async Task StepUp_OnlyWithTheOwnPasskey()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        var other = await chromium.SignedInAsync();
        var (first, second) = (await chromium.OfferAsync(), await chromium.OfferAsync());
        object foreign = new { challenge = first.Text("challenge"), credential = await window.UseAsync(first.GetProperty("options"), chromium.Issuer) };
        object own = new { challenge = second.Text("challenge"), credential = await window.UseAsync(second.GetProperty("options"), chromium.Issuer) };

        Assert.Equal("invalid_passkey", await (await other.SendAsync(HttpMethod.Post, "passkeys/step-up", foreign, other.AccessToken)).ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal("passkey_of_another", (await chromium.Events.AuditAsync("user.stepped_up", other.Id.ToString(), AuditResult.Denied)).Detail!["reason"]);
        var tokens = await (await person.SendAsync(HttpMethod.Post, "passkeys/step-up", own, person.AccessToken)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal("aal2", Jwt.Claims(tokens.Text("access_token")).Text("acr"));
        Assert.Equal(person.SessionId, Jwt.Claims(tokens.Text("access_token")).GetProperty("sid").GetGuid());
    }

    [Fact]
    public async Task Register_OfferOfAnotherUserOrOrigin_IsRefused()
    {
        var (person, other) = (await chromium.SignedInAsync(), await chromium.SignedInAsync());
        await using var window = await chromium.OpenAsync();
        var offer = await OfferRegistrationAsync(person);
        var credential = await window.MakeAsync(offer.GetProperty("options"), chromium.Issuer);
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(other, offer, credential)).ProblemAsync(HttpStatusCode.BadRequest));
        await person.LogInAsync(); // another session of the same user
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(person, offer, credential)).ProblemAsync(HttpStatusCode.BadRequest));
        offer = await OfferRegistrationAsync(person);
        var (first, second) = (await window.MakeAsync(offer.GetProperty("options"), chromium.Issuer), await window.MakeAsync(offer.GetProperty("options"), chromium.Issuer));
        await (await TryRegisterAsync(person, offer, first)).BodyAsync(HttpStatusCode.Created);
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(person, offer, second)).ProblemAsync(HttpStatusCode.BadRequest));

        await using var elsewhere = await chromium.OpenAsync();
        offer = await OfferRegistrationAsync(other);
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(
            other, offer, await elsewhere.MakeAsync(offer.GetProperty("options"), Window.Elsewhere))).ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task LogIn_RemovedPasskey_IsRefused()
    {
        var (window, person) = await chromium.WithPasskeyAsync();
        await using var _ = window;
        var id = Assert.Single((await ListAsync(person)).EnumerateArray()).Text("id");
        (await person.SendAsync(HttpMethod.Delete, $"passkeys/{id}", token: person.AccessToken)).EnsureSuccessStatusCode().Dispose();
        var offer = await chromium.OfferAsync();

        await chromium.RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer));
    }

    [Fact]
    public async Task SignIn_OfferOfAPageUsedElsewhere_IsRefused()
    {
        var (window, _) = await chromium.WithPasskeyAsync();
        await using var _1 = window;
        using Browser browser = new(chromium.Http.BaseAddress!), other = new(chromium.Http.BaseAddress!);
        var (page, theirs) = ((await browser.OpenAsync("/account/sign-in")).Text, (await other.OpenAsync("/account/sign-in")).Text);
        var challenge = ValueOf(page, "challenge");
        using var options = JsonDocument.Parse(WebUtility.HtmlDecode(page.Split("data-options=\"")[1].Split('"')[0]));
        var credential = await window.UseAsync(options.RootElement, chromium.Issuer);

        await chromium.RefusedAsync(JsonSerializer.SerializeToElement(new { challenge }), credential);
        using var there = await PostAsync(other, theirs);
        using var here = await PostAsync(browser, page);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.SeeOther), (there.StatusCode, here.StatusCode));
        static string ValueOf(string text, string name) => text.Split($"name=\"{name}\" value=\"")[1].Split('"')[0];

        Task<HttpResponseMessage> PostAsync(Browser from, string form) => from.PostAsync(
            "/account/sign-in/passkey", ("form", ValueOf(form, "form")), ("challenge", challenge), ("credential", credential.GetRawText()));
    }
}
