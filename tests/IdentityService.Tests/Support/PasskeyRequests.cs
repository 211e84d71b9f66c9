using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests.Support;

/// <summary>What an application asks of the service's passkey routes.</summary>
internal static class PasskeyRequests
{
    internal static async Task<JsonElement> ListAsync(Person person) =>
        (await (await person.SendAsync(HttpMethod.Get, "passkeys", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK)).GetProperty("items");

    internal static async Task<JsonElement> OfferRegistrationAsync(Person person) =>
        await (await person.SendAsync(HttpMethod.Post, "passkeys/options", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);

    internal static Task<HttpResponseMessage> TryRegisterAsync(Person person, JsonElement offer, JsonElement credential) => person.SendAsync(
        HttpMethod.Post, "passkeys", new { challenge = offer.Text("challenge"), name = "Key", credential }, person.AccessToken);

    internal static async Task<JsonElement> OfferAsync(this RealBrowser chromium) =>
        await (await IdentityApi.SendAsync(chromium.Http, HttpMethod.Post, "/api/v1/auth/passkeys/sign-in/options")).BodyAsync(HttpStatusCode.OK);

    internal static Task<HttpResponseMessage> TryLogInAsync(this RealBrowser chromium, JsonElement offer, JsonElement credential) => IdentityApi.SendAsync(
        chromium.Http, HttpMethod.Post, "/api/v1/auth/passkeys/sign-in", body: new { challenge = offer.Text("challenge"), credential });

    internal static async Task RefusedAsync(this RealBrowser chromium, JsonElement offer, JsonElement credential)
    {
        using var answer = await chromium.TryLogInAsync(offer, credential);
        Assert.Equal("invalid_passkey", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    internal static Task ResetCounterAsync(this RealBrowser chromium, Person person) => chromium.Host.QueryAsync(async db =>
    {
        (await db.UserPasskeys.SingleAsync(row => row.UserId == person.Id)).Data.SignCount = 0;
        return await db.SaveChangesAsync();
    });

    internal static async Task<Person> RegisteredAsync(this RealBrowser chromium)
    {
        var person = new Person(chromium.Http);
        await person.RegisterAsync();
        return person;
    }

    internal static async Task<Person> SignedInAsync(this RealBrowser chromium)
    {
        var person = await chromium.RegisteredAsync();
        await person.LogInAsync();
        return person;
    }

    /// <summary>Someone with a passkey, made by the API, and the browser that holds it.</summary>
    internal static async Task<(Window Window, Person Person)> WithPasskeyAsync(this RealBrowser chromium)
    {
        var (window, person) = (await chromium.OpenAsync(), await chromium.SignedInAsync());
        var offer = await OfferRegistrationAsync(person);
        await (await TryRegisterAsync(person, offer, await window.MakeAsync(offer.GetProperty("options"), chromium.Issuer))).BodyAsync(HttpStatusCode.Created);
        return (window, person);
    }
}
