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

    private static RequestsCounted Counted(params ApiKeyUse[] uses)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new(
            new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("gateway"), null, null, null, null),
            "gateway-1", Guid.CreateVersion7(now), 0, now, now, 0, 100, 0, 0, 0, uses.Length == 0 ? null : uses);
    }

    [Fact]
    public async Task Create_Key_IsShownOnceAndStoredHashed()
    {
        var owner = await ViewerAsync();

        var (key, details) = await owner.CreateKeyAsync(["devices:read"], limit: 120);

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
    public async Task Create_KeyWithMoreThanTheOwnScopes_IsRefusedWithEveryFault()
    {
        var owner = await ViewerAsync();
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-1);

        var faults = await (await owner.TryCreateKeyAsync(new { name = "k", scopes = new[] { "devices:write", "openid" }, expiresAt = past })).FaultsAsync();
        var form = await (await owner.TryCreateKeyAsync(new { name = "", scopes = Array.Empty<string>(), rateLimit = 0 })).FaultsAsync();

        Assert.Equal(["expiresAt", "scopes"], faults);
        Assert.Equal(["name", "rateLimit", "scopes"], form);
    }

    [Fact]
    public async Task Use_KeyOnItsOwner_CannotMakeOrSeeKeys()
    {
        var owner = await ViewerAsync();
        var (key, _) = await owner.CreateKeyAsync(["identity:self"]);
        var token = (await Gateway.ExchangeAsync(key)).Text("access_token");

        using var answer = await owner.SendAsync(HttpMethod.Post, "api-keys", new { name = "k", scopes = new[] { "identity:self" } }, token);

        Assert.Equal("invalid_token", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Revoke_Key_EndsItAndItsTokensAtOnce()
    {
        var owner = await ViewerAsync();
        var (key, details) = await owner.CreateKeyAsync(["devices:read"]);
        var token = (await Gateway.ExchangeAsync(key)).Text("access_token");
        Assert.Contains("\"active\":true", await Gateway.IntrospectAsync(token), StringComparison.Ordinal);

        using var revoked = await owner.RevokeKeyAsync(details.Text("id"));
        using var again = await owner.RevokeKeyAsync(details.Text("id"));

        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        await Gateway.MustRefuseKeyAsync(key);
        Assert.Equal("""{"active":false}""", await Gateway.IntrospectAsync(token));
        var issued = await api.Events.OneAsync<RevocationIssued>(one => one.Value == details.Text("id"));
        Assert.Equal(RevocationKind.Session, issued.Kind);
        await api.Events.AuditAsync("api_key.revoked", details.Text("id"));
    }

    [Fact]
    public async Task Ask_ForAnothersKey_IsNotFound()
    {
        var (owner, other) = (await ViewerAsync(), await ViewerAsync());
        var (key, details) = await owner.CreateKeyAsync(["devices:read"]);

        using var shown = await other.SendAsync(HttpMethod.Get, $"api-keys/{details.Text("id")}", token: other.AccessToken);
        using var revoked = await other.RevokeKeyAsync(details.Text("id"));

        Assert.Equal("not_found", await shown.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await revoked.ProblemAsync(HttpStatusCode.NotFound));
        await Gateway.ExchangeAsync(key);
    }

    [Fact]
    public async Task Use_CountedByGateways_AddsUpEachCountOnce()
    {
        var owner = await ViewerAsync();
        var (_, details) = await owner.CreateKeyAsync(["devices:read"]);
        var (_, unused) = await owner.CreateKeyAsync(["devices:read"]);
        var (key, at) = (details.GetProperty("id").GetGuid(), new DateTimeOffset(2026, 11, 1, 10, 0, 0, TimeSpan.Zero));
        var first = Counted(new ApiKeyUse(key, 40, at), new ApiKeyUse(Guid.CreateVersion7(at), 7, at));

        await api.Events.PublishAsync(first);
        await api.Events.PublishAsync(first);
        await api.Events.PublishAsync(Counted());
        await api.Events.PublishAsync(Counted(new ApiKeyUse(key, 2, at.AddMinutes(-1))));

        await Eventually.Async(async () => (await RowAsync(details)).UseCount >= 42, IdentityApi.Deadline, "the uses were not counted");
        using var shown = await owner.SendAsync(HttpMethod.Get, $"api-keys/{key}", token: owner.AccessToken);
        var view = await shown.BodyAsync(HttpStatusCode.OK);
        Assert.Equal(42, view.GetProperty("useCount").GetInt64());
        Assert.Equal(at, view.GetProperty("lastUsedAt").GetDateTimeOffset());
        var other = await RowAsync(unused);
        Assert.Equal((0, null), (other.UseCount, other.LastUsedAt));
    }

    [Fact]
    public async Task List_Keys_PagesThroughTheOwnOnes()
    {
        var owner = await ViewerAsync();
        List<string> made = [];
        for (var number = 0; number < 5; number++)
        {
            made.Add((await owner.CreateKeyAsync(["devices:read"])).Details.Text("id"));
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

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => owner.TryCreateKeyAsync(new { name = "k", scopes = new[] { "devices:read" } })));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Created));
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    private Task<ApiKey> RowAsync(JsonElement details) =>
        api.Host.QueryAsync(db => db.ApiKeys.SingleAsync(row => row.Id == details.GetProperty("id").GetGuid()));

    private Task<Person> ViewerAsync() => api.SignedInAsync(Role.Viewer);
}
