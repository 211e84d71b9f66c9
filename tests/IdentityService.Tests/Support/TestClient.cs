using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IdentityService.ApiKeys;
using IdentityService.Clients;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests.Support;

/// <summary>An application at the OAuth endpoints.</summary>
internal sealed class TestClient(HttpClient http, string id, string? secret)
{
    public string Id => id;

    public string? Secret => secret;

    /// <summary>The platform's gateway.</summary>
    public static TestClient Gateway(HttpClient http) => new(http, GatewayClientOptions.Id, IdentityHost.GatewaySecret);

    /// <summary>Registers one by hand.</summary>
    public static async Task<TestClient> RegisterAsync(IdentityHost host, HttpClient http, Action<Client>? change = null, ClientProof proof = ClientProof.Secret)
    {
        var now = TimeProvider.System.GetUtcNow();
        var client = new Client
        {
            Id = Guid.CreateVersion7(now),
            TenantId = Tenants.Default,
            Name = "Reports",
            Proof = proof,
            GrantTypes = [ClientTokens.Grant],
            Scopes = ["devices:read", "audit:read"],
            CreatedAt = now,
        };
        var secret = proof == ClientProof.Secret ? client.NewSecret(now, TimeSpan.Zero) : null;
        change?.Invoke(client);
        await host.QueryAsync(db =>
        {
            db.Clients.Add(client);
            return db.SaveChangesAsync();
        });
        return new TestClient(http, client.Id.ToString(), secret);
    }

    /// <summary>Asks with the secret in the Authorization header.</summary>
    public async Task<HttpResponseMessage> AskAsync(string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Form(form) };
        request.Headers.Authorization = Basic(id, secret ?? "");
        return await http.SendAsync(request);
    }

    /// <summary>Asks with what is in the form only.</summary>
    public async Task<HttpResponseMessage> AskOpenlyAsync(string path, params (string Name, string Value)[] form)
    {
        using var content = Form(form);
        return await http.PostAsync(path, content);
    }

    public async Task<string> TokenAsync(string? scope = null)
    {
        using var answer = await AskAsync("/connect/token", [("grant_type", "client_credentials"), .. scope is null ? [] : new[] { ("scope", scope) }]);
        return (await answer.BodyAsync(HttpStatusCode.OK)).Text("access_token");
    }

    public Task<HttpResponseMessage> TryExchangeAsync(string key, string type = ApiKeyExchange.KeyType) => AskAsync(
        "/connect/token", ("grant_type", ApiKeyExchange.Grant), ("subject_token", key), ("subject_token_type", type));

    public async Task<JsonElement> ExchangeAsync(string key)
    {
        using var answer = await TryExchangeAsync(key);
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    /// <summary>The answer's text as it is.</summary>
    public async Task<string> IntrospectAsync(string token)
    {
        using var answer = await AskAsync("/connect/introspect", ("token", token));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    public static AuthenticationHeaderValue Basic(string id, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}")));

    private static FormUrlEncodedContent Form((string Name, string Value)[] form) =>
        new(form.Select(one => KeyValuePair.Create(one.Name, one.Value)));
}
