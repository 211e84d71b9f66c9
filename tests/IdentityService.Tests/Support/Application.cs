using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityService.Clients;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityService.Tests.Support;

/// <summary>An application that lets its users in by way of the service.</summary>
internal sealed class Application(HttpClient http, TestClient client)
{
    public const string RedirectUri = "https://app.test/callback";
    public const string SignedOutUri = "https://app.test/bye";

    public TestClient Client => client;

    public string Verifier { get; } = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static async Task<Application> RegisterAsync(
        IdentityHost host, HttpClient http, Action<Client>? change = null, ClientProof proof = ClientProof.Secret) =>
        new(http, await TestClient.RegisterAsync(host, http, row =>
        {
            row.Name = "Notes & <Co>";
            row.GrantTypes = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];
            row.Scopes = ["openid", "profile", "email", "identity:self", "devices:read"];
            row.RedirectUris = [RedirectUri, "http://127.0.0.1/native"];
            row.PostLogoutRedirectUris = [SignedOutUri];
            change?.Invoke(row);
        }, proof));

    /// <summary>The address that begins a sign-in; parameters replaced, added, or (null) left out.</summary>
    public string Address(params (string Name, string? Value)[] changes)
    {
        Dictionary<string, string?> parameters = Parameters();
        foreach (var (name, value) in changes)
        {
            parameters.Remove(name);
            if (value is not null)
            {
                parameters[name] = value;
            }
        }

        return QueryHelpers.AddQueryString("/connect/authorize", parameters);
    }

    public Dictionary<string, string?> Parameters() => new(StringComparer.Ordinal)
    {
        ["client_id"] = client.Id,
        ["response_type"] = "code",
        ["redirect_uri"] = RedirectUri,
        ["scope"] = "openid profile devices:read",
        ["state"] = "a state & more",
        ["nonce"] = "a nonce",
        ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))),
        ["code_challenge_method"] = "S256",
    };

    /// <summary>The whole way of a user: sign-in, consent, back with a code.</summary>
    public async Task<string> CodeAsync(Browser browser, Person person, params (string Name, string? Value)[] changes)
    {
        var (text, back) = await browser.OpenAsync(Address(changes));
        if (back is null && text.Contains("<h1>Sign in", StringComparison.Ordinal))
        {
            (text, back) = await browser.SignInAsync(text, person);
        }

        if (back is null)
        {
            (text, back) = await browser.SubmitAsync(text, ("decision", "allow"));
        }

        Assert.True(back is not null, text);
        return QueryHelpers.ParseQuery(back.Query)["code"].ToString();
    }

    public async Task<HttpResponseMessage> TryExchangeAsync(string code, params (string Name, string Value)[] changes)
    {
        Dictionary<string, string> form = new(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = RedirectUri,
            ["code_verifier"] = Verifier,
        };
        foreach (var (name, value) in changes)
        {
            form[name] = value;
        }

        (string, string)[] all = [.. form.Select(one => (one.Key, one.Value))];
        return client.Secret is null
            ? await client.AskOpenlyAsync("/connect/token", [.. all, ("client_id", client.Id)])
            : await client.AskAsync("/connect/token", all);
    }

    public async Task<JsonElement> ExchangeAsync(string code)
    {
        using var answer = await TryExchangeAsync(code);
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    /// <summary>Tokens of a user who has just let it in.</summary>
    public async Task<JsonElement> TokensAsync(Browser browser, Person person, params (string Name, string? Value)[] changes) =>
        await ExchangeAsync(await CodeAsync(browser, person, changes));

    public async Task<HttpResponseMessage> TryRefreshAsync(string refreshToken, string? scope = null) => await client.AskAsync(
        "/connect/token",
        [("grant_type", "refresh_token"), ("refresh_token", refreshToken), .. scope is null ? [] : new[] { ("scope", scope) }]);

    public Task<HttpResponseMessage> UserInfoAsync(string token, HttpMethod? method = null) =>
        IdentityApi.SendAsync(http, method ?? HttpMethod.Get, "/connect/userinfo", token);
}
