using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class ApiKeyTests(IdentityApi api)
{
    private TestClient Gateway => TestClient.Gateway(api.Http);

    [Fact]
    public async Task Create_Key_IsShownOnceAndStoredHashed()
    {
        var owner = await ViewerAsync();

        var (key, details) = await CreateAsync(owner, ["devices:read"], limit: 120);

        Assert.Matches("^pak_[A-Za-z0-9_-]{43}$", key);
        Assert.Equal(key[..10], details.Text("prefix"));
        var shown = await (await owner.SendAsync(HttpMethod.Get, $"api-keys/{details.Text("id")}", token: owner.AccessToken)).Content.ReadAsStringAsync();
        Assert.DoesNotContain(key, shown, StringComparison.Ordinal);
        var row = await RowAsync(details);
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(key)), row.Hash);
        var record = await api.Events.AuditAsync("api_key.created", row.Id.ToString());
        Assert.DoesNotContain(key, JsonSerializer.Serialize(record), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exchange_Key_GivesAShortTokenOfTheOwnerWithTheKeysScopes()
    {
        var owner = await ViewerAsync();
        var (key, details) = await CreateAsync(owner, ["devices:read"], limit: 120);

        var answer = await Gateway.ExchangeAsync(key);

        Assert.Equal(
            ["access_token", "expires_in", "issued_token_type", "token_type"], answer.EnumerateObject().Select(one => one.Name).Order());
        Assert.Equal("urn:ietf:params:oauth:token-type:access_token", answer.Text("issued_token_type"));
        Assert.InRange(answer.GetProperty("expires_in").GetInt32(), 1, 300);
        var claims = Jwt.Claims(answer.Text("access_token"));
        Assert.Equal(owner.Id.ToString(), claims.Text("sub"));
        Assert.Equal("gateway", claims.Text("client_id"));
        Assert.Equal("devices:read", claims.Text("scope"));
        Assert.Equal(details.Text("id"), claims.Text("sid"));
        Assert.Equal(details.Text("id"), claims.Text("key_id"));
        Assert.Equal(120, claims.GetProperty("key_limit").GetInt32());
        Assert.Equal(0, claims.GetProperty("roles").GetArrayLength());
    }

    [Fact]
    public async Task Create_KeyWithMoreThanTheOwnScopes_IsRefusedWithEveryFault()
    {
        var owner = await ViewerAsync();
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-1);

        var faults = await (await TryCreateAsync(owner, new { name = "k", scopes = new[] { "devices:write", "openid" }, expiresAt = past })).FaultsAsync();
        var form = await (await TryCreateAsync(owner, new { name = "", scopes = Array.Empty<string>(), rateLimit = 0 })).FaultsAsync();

        Assert.Equal(["expiresAt", "scopes"], faults);
        Assert.Equal(["name", "rateLimit", "scopes"], form);
    }

    [Fact]
    public async Task Use_KeyOnItsOwner_CannotMakeOrSeeKeys()
    {
        var owner = await ViewerAsync();
        var (key, _) = await CreateAsync(owner, ["identity:self"]);
        var token = (await Gateway.ExchangeAsync(key)).Text("access_token");

        using var answer = await owner.SendAsync(HttpMethod.Post, "api-keys", new { name = "k", scopes = new[] { "identity:self" } }, token);

        Assert.Equal("invalid_token", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Revoke_Key_EndsItAndItsTokensAtOnce()
    {
        var owner = await ViewerAsync();
        var (key, details) = await CreateAsync(owner, ["devices:read"]);
        var token = (await Gateway.ExchangeAsync(key)).Text("access_token");
        Assert.Contains("\"active\":true", await Gateway.IntrospectAsync(token), StringComparison.Ordinal);

        using var revoked = await RevokeAsync(owner, details.Text("id"));
        using var again = await RevokeAsync(owner, details.Text("id"));

        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        await RefusedAsync(key);
        Assert.Equal("""{"active":false}""", await Gateway.IntrospectAsync(token));
        var issued = await api.Events.OneAsync<RevocationIssued>(one => one.Value == details.Text("id"));
        Assert.Equal(RevocationKind.Session, issued.Kind);
        await api.Events.AuditAsync("api_key.revoked", details.Text("id"));
    }

    [Fact]
    public async Task Ask_ForAnothersKey_IsNotFound()
    {
        var (owner, other) = (await ViewerAsync(), await ViewerAsync());
        var (key, details) = await CreateAsync(owner, ["devices:read"]);

        using var shown = await other.SendAsync(HttpMethod.Get, $"api-keys/{details.Text("id")}", token: other.AccessToken);
        using var revoked = await RevokeAsync(other, details.Text("id"));

        Assert.Equal("not_found", await shown.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await revoked.ProblemAsync(HttpStatusCode.NotFound));
        await Gateway.ExchangeAsync(key);
    }

    [Fact]
    public async Task Exchange_OwnerLosesARole_KeyLosesItsScopesAtOnce()
    {
        var owner = await ViewerAsync();
        var (key, _) = await CreateAsync(owner, ["devices:read", "identity:self"]);

        await api.Host.QueryAsync(db => db.UserRoles.Where(row => row.UserId == owner.Id).ExecuteDeleteAsync());

        Assert.Equal("identity:self", Jwt.Claims((await Gateway.ExchangeAsync(key)).Text("access_token")).Text("scope"));
    }

    [Theory]
    [InlineData("UPDATE users SET disabled_at = now() WHERE id = '{0}'")]
    [InlineData("DELETE FROM users WHERE id = '{0}'")]
    [InlineData("UPDATE api_keys SET expires_at = now() WHERE user_id = '{0}'")]
    public async Task Exchange_OwnerOrKeyIsNoMore_IsRefusedAndItsTokensToo(string sql)
    {
        var owner = await ViewerAsync();
        var (key, _) = await CreateAsync(owner, ["devices:read"]);
        var token = (await Gateway.ExchangeAsync(key)).Text("access_token");

        await api.Host.QueryAsync(db => db.Database.ExecuteSqlRawAsync(string.Format(null, sql, owner.Id)));

        await RefusedAsync(key);
        Assert.Equal("""{"active":false}""", await Gateway.IntrospectAsync(token));
    }

    [Fact]
    public async Task Exchange_ByAnyoneButTheGateway_IsRefused()
    {
        var owner = await ViewerAsync();
        var (key, _) = await CreateAsync(owner, ["devices:read"]);
        var client = await TestClient.RegisterAsync(api.Host, api.Http);

        using var byClient = await client.TryExchangeAsync(key);
        using var byNobody = await Gateway.AskOpenlyAsync(
            "/connect/token", ("grant_type", ApiKeyExchange.Grant), ("subject_token", key), ("subject_token_type", ApiKeyExchange.KeyType));

        Assert.Equal("unauthorized_client", (await byClient.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_client", (await byNobody.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
    }

    [Fact]
    public async Task Exchange_BadForm_IsAnsweredAsInRfc8693()
    {
        using var type = await Gateway.TryExchangeAsync(ApiKeyFormat.Random(), "urn:ietf:params:oauth:token-type:jwt");
        using var missing = await Gateway.AskAsync("/connect/token", ("grant_type", ApiKeyExchange.Grant), ("subject_token_type", ApiKeyExchange.KeyType));

        Assert.Equal("invalid_request", (await type.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_request", (await missing.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Exchange_TooManyWrongKeys_IsSlowedDownWhileRightOnesPass()
    {
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, settings: [("ApiKeys:WrongKeysPerMinute", "3"), ("Registration:DefaultRole", "viewer")]);
        using var http = host.CreateClient();
        var gateway = TestClient.Gateway(http);
        var owner = new Person(http);
        await owner.RegisterAsync();
        await owner.LogInAsync();
        var (key, _) = await CreateAsync(owner, ["devices:read"]);

        for (var wrong = 0; wrong < 3; wrong++)
        {
            using var answer = await gateway.TryExchangeAsync(ApiKeyFormat.Random());
            Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        }

        using var slowed = await gateway.TryExchangeAsync(ApiKeyFormat.Random());
        Assert.Equal(HttpStatusCode.TooManyRequests, slowed.StatusCode);
        Assert.InRange(slowed.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        await gateway.ExchangeAsync(key);
        using var fromElsewhere = new HttpRequestMessage(HttpMethod.Post, "/connect/token")
        {
            Content = new FormUrlEncodedContent([new("grant_type", ApiKeyExchange.Grant), new("subject_token", "x"), new("subject_token_type", ApiKeyExchange.KeyType)]),
            Headers = { Authorization = TestClient.Basic("gateway", IdentityHost.GatewaySecret) },
        };
        fromElsewhere.Headers.Add("X-Forwarded-For", "192.0.2.7");
        using var elsewhere = await http.SendAsync(fromElsewhere);
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Use_Key_IsCountedInBatches()
    {
        var owner = await ViewerAsync();
        var (key, details) = await CreateAsync(owner, ["devices:read"]);
        for (var use = 0; use < 3; use++)
        {
            await Gateway.ExchangeAsync(key);
        }

        Assert.Equal(0, (await RowAsync(details)).UseCount);
        await api.Host.Services.GetRequiredService<ApiKeyUses>().WriteAsync(TestContext.Current.CancellationToken);

        var row = await RowAsync(details);
        Assert.Equal(3, row.UseCount);
        Assert.NotNull(row.LastUsedAt);
    }

    [Fact]
    public async Task List_Keys_PagesThroughTheOwnOnes()
    {
        var owner = await ViewerAsync();
        List<string> made = [];
        for (var number = 0; number < 5; number++)
        {
            made.Add((await CreateAsync(owner, ["devices:read"])).Details.Text("id"));
        }

        List<string> listed = [];
        for (var query = "api-keys?limit=2"; query is not null;)
        {
            using var answer = await owner.SendAsync(HttpMethod.Get, query, token: owner.AccessToken);
            var page = await answer.BodyAsync(HttpStatusCode.OK);
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.Text("id")));
            query = page.GetProperty("nextCursor").GetString() is { } cursor ? $"api-keys?limit=2&cursor={cursor}" : null;
        }

        Assert.Equal(Enumerable.Reverse(made), listed);
    }

    [Fact]
    public async Task Create_TooManySideBySide_StopsAtTheLimit()
    {
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, settings: [("ApiKeys:MostPerUser", "3"), ("Registration:DefaultRole", "viewer")]);
        using var http = host.CreateClient();
        var owner = new Person(http);
        await owner.RegisterAsync();
        await owner.LogInAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => TryCreateAsync(owner, new { name = "k", scopes = new[] { "devices:read" } })));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Created));
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    private static Task<HttpResponseMessage> TryCreateAsync(Person owner, object body) =>
        owner.SendAsync(HttpMethod.Post, "api-keys", body, owner.AccessToken);

    private static Task<HttpResponseMessage> RevokeAsync(Person owner, string id) =>
        owner.SendAsync(HttpMethod.Delete, $"api-keys/{id}", token: owner.AccessToken);

    private static async Task<(string Key, JsonElement Details)> CreateAsync(Person owner, string[] scopes, int? limit = null)
    {
        using var answer = await TryCreateAsync(owner, new { name = "builds", scopes, rateLimit = limit });
        var body = await answer.BodyAsync(HttpStatusCode.Created);
        return (body.Text("key"), body.GetProperty("details"));
    }

    private async Task RefusedAsync(string key)
    {
        using var answer = await Gateway.TryExchangeAsync(key);
        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    private Task<ApiKey> RowAsync(JsonElement details) =>
        api.Host.QueryAsync(db => db.ApiKeys.SingleAsync(row => row.Id == details.GetProperty("id").GetGuid()));

    private Task<Person> ViewerAsync() => api.SignedInAsync(Role.Viewer);
}
