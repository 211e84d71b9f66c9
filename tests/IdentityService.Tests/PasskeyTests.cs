using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

/// <summary>Passkeys of a real browser, whose authenticator is Chromium's virtual one.</summary>
public sealed class PasskeyTests(RealBrowser chromium) : IClassFixture<RealBrowser>
{
    [Fact]
    public async Task SignIn_WithAPasskeyForAnApplication_IsTwoFactors()
    {
        var (application, person) = (await Application.RegisterAsync(chromium.Host, chromium.Http), await RegisteredAsync());
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
        var person = await RegisteredAsync();
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
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        var other = await RegisteredAsync();
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
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        var offer = await OfferAsync();
        Assert.Equal("localhost", offer.GetProperty("options").Text("rpId"));
        Assert.Equal("required", offer.GetProperty("options").Text("userVerification"));

        var tokens = await (await TryLogInAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer))).BodyAsync(HttpStatusCode.OK);

        var claims = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(person.Id.ToString(), claims.Text("sub"));
        Assert.Equal(["hwk", "user", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("aal2", claims.Text("acr"));
    }

    [Fact]
    public async Task LogIn_ReplayedOrWithAnotherChallenge_IsRefused()
    {
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        var offer = await OfferAsync();
        var credential = await window.UseAsync(offer.GetProperty("options"), chromium.Issuer);

        await RefusedAsync(await OfferAsync(), credential);
        await (await TryLogInAsync(offer, credential)).BodyAsync(HttpStatusCode.OK);
        await ResetCounterAsync(person); // or the counter alone would refuse it
        await RefusedAsync(offer, credential);
    }

    [Fact]
    public async Task LogIn_FromAnotherOrigin_IsRefused()
    {
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        var offer = await OfferAsync();

        await RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), Window.Elsewhere));
        var record = await chromium.Events.AuditAsync("user.login_failed", person.Id.ToString(), AuditResult.Denied);
        Assert.Equal("passkey_refused", record.Detail!["reason"]);
    }

    [Fact]
    public async Task LogIn_WithTheCounterGoneBack_IsRefused()
    {
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        await chromium.Host.QueryAsync(async db =>
        {
            (await db.UserPasskeys.SingleAsync(row => row.UserId == person.Id)).Data.SignCount = 1000;
            return await db.SaveChangesAsync();
        });
        var offer = await OfferAsync();

        await RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer));
    }

    [Fact]
    public async Task LogIn_UserNotVerified_IsRefused()
    {
        var (window, _) = await WithPasskeyAsync();
        await using var _1 = window;
        var offer = await OfferAsync();
        var options = JsonNode.Parse(offer.GetProperty("options").GetRawText())!;
        options["userVerification"] = "discouraged";
        await window.VerifyUserAsync(verified: false);

        await RefusedAsync(offer, await window.UseAsync(JsonSerializer.SerializeToElement(options), chromium.Issuer));
    }

    [Fact]
    public async Task LogIn_ChangedCredential_IsRefused()
    {
        var (window, _) = await WithPasskeyAsync();
        await using var _1 = window;
        var (_, other) = await WithPasskeyAsync();
        var offer = await OfferAsync();
        var credential = JsonNode.Parse((await window.UseAsync(offer.GetProperty("options"), chromium.Issuer)).GetRawText())!;
        var genuine = credential.DeepClone();
        credential["response"]!["userHandle"] = Jwt.Encode(other.Id.ToString());

        await RefusedAsync(offer, JsonSerializer.SerializeToElement(credential));
        await RefusedAsync(offer, JsonSerializer.SerializeToElement(new { id = "x" }));
        await RefusedAsync(offer, JsonSerializer.SerializeToElement("text"));
        await (await TryLogInAsync(offer, JsonSerializer.SerializeToElement(genuine))).BodyAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task LogIn_DisabledAccount_IsRefused()
    {
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        await chromium.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));
        var offer = await OfferAsync();

        await RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer));
    }

    [Fact]
    public async Task StepUp_OnlyWithTheOwnPasskey()
    {
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        var other = await SignedInAsync();
        var (first, second) = (await OfferAsync(), await OfferAsync());
        object foreign = new { challenge = first.Text("challenge"), credential = await window.UseAsync(first.GetProperty("options"), chromium.Issuer) };
        object own = new { challenge = second.Text("challenge"), credential = await window.UseAsync(second.GetProperty("options"), chromium.Issuer) };

        Assert.Equal("invalid_passkey", await (await other.SendAsync(HttpMethod.Post, "passkeys/step-up", foreign, other.AccessToken)).ProblemAsync(HttpStatusCode.BadRequest));
        var tokens = await (await person.SendAsync(HttpMethod.Post, "passkeys/step-up", own, person.AccessToken)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal("aal2", Jwt.Claims(tokens.Text("access_token")).Text("acr"));
        Assert.Equal(person.SessionId, Jwt.Claims(tokens.Text("access_token")).GetProperty("sid").GetGuid());
    }

    [Fact]
    public async Task Register_OfferOfAnotherUserOrOrigin_IsRefused()
    {
        var (person, other) = (await SignedInAsync(), await SignedInAsync());
        await using var window = await chromium.OpenAsync();
        var offer = await OfferRegistrationAsync(person);
        var credential = await window.MakeAsync(offer.GetProperty("options"), chromium.Issuer);
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(other, offer, credential)).ProblemAsync(HttpStatusCode.BadRequest));
        await (await TryRegisterAsync(person, offer, credential)).BodyAsync(HttpStatusCode.Created);
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(person, offer, credential)).ProblemAsync(HttpStatusCode.BadRequest));

        await using var elsewhere = await chromium.OpenAsync();
        offer = await OfferRegistrationAsync(other);
        Assert.Equal("invalid_passkey", await (await TryRegisterAsync(
            other, offer, await elsewhere.MakeAsync(offer.GetProperty("options"), Window.Elsewhere))).ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Manage_OwnOnes_CanBeRenamedAndRemovedByTheOwnerOnly()
    {
        var (window, person) = await WithPasskeyAsync();
        await using var _ = window;
        var other = await SignedInAsync();
        var passkey = Assert.Single((await ListAsync(person)).EnumerateArray());
        Assert.Equal("Key", passkey.Text("name"));
        var route = $"passkeys/{passkey.Text("id")}";

        Assert.Equal("not_found", await (await other.SendAsync(HttpMethod.Put, route, new { name = "Mine" }, other.AccessToken)).ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await (await other.SendAsync(HttpMethod.Delete, route, token: other.AccessToken)).ProblemAsync(HttpStatusCode.NotFound));
        var renamed = await (await person.SendAsync(HttpMethod.Put, route, new { name = "Telephone" }, person.AccessToken)).BodyAsync(HttpStatusCode.OK);
        Assert.Equal("Telephone", renamed.Text("name"));
        using var removed = await person.SendAsync(HttpMethod.Delete, route, token: person.AccessToken);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await chromium.Events.AuditAsync("passkey.removed", person.Id.ToString());
        Assert.Empty((await ListAsync(person)).EnumerateArray());
        var offer = await OfferAsync();
        await RefusedAsync(offer, await window.UseAsync(offer.GetProperty("options"), chromium.Issuer));
    }

    private static async Task<JsonElement> ListAsync(Person person) =>
        (await (await person.SendAsync(HttpMethod.Get, "passkeys", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK)).GetProperty("items");

    private static async Task<JsonElement> OfferRegistrationAsync(Person person) =>
        await (await person.SendAsync(HttpMethod.Post, "passkeys/options", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);

    private static Task<HttpResponseMessage> TryRegisterAsync(Person person, JsonElement offer, JsonElement credential) => person.SendAsync(
        HttpMethod.Post, "passkeys", new { challenge = offer.Text("challenge"), name = "Key", credential }, person.AccessToken);

    private async Task<JsonElement> OfferAsync() =>
        await (await IdentityApi.SendAsync(chromium.Http, HttpMethod.Post, "/api/v1/auth/passkeys/sign-in/options")).BodyAsync(HttpStatusCode.OK);

    private Task<HttpResponseMessage> TryLogInAsync(JsonElement offer, JsonElement credential) => IdentityApi.SendAsync(
        chromium.Http, HttpMethod.Post, "/api/v1/auth/passkeys/sign-in", body: new { challenge = offer.Text("challenge"), credential });

    private async Task RefusedAsync(JsonElement offer, JsonElement credential)
    {
        using var answer = await TryLogInAsync(offer, credential);
        Assert.Equal("invalid_passkey", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    private Task ResetCounterAsync(Person person) => chromium.Host.QueryAsync(async db =>
    {
        (await db.UserPasskeys.SingleAsync(row => row.UserId == person.Id)).Data.SignCount = 0;
        return await db.SaveChangesAsync();
    });

    private async Task<Person> RegisteredAsync()
    {
        var person = new Person(chromium.Http);
        await person.RegisterAsync();
        return person;
    }

    private async Task<Person> SignedInAsync()
    {
        var person = await RegisteredAsync();
        await person.LogInAsync();
        return person;
    }

    /// <summary>Someone with a passkey, made by the API, and the browser that holds it.</summary>
    private async Task<(Window Window, Person Person)> WithPasskeyAsync()
    {
        var (window, person) = (await chromium.OpenAsync(), await SignedInAsync());
        var offer = await OfferRegistrationAsync(person);
        await (await TryRegisterAsync(person, offer, await window.MakeAsync(offer.GetProperty("options"), chromium.Issuer))).BodyAsync(HttpStatusCode.Created);
        return (window, person);
    }
}
