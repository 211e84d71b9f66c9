using System.Net;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Keys;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RotatingKeysTests(OwnHost own) : IClassFixture<OwnHost>
{
    private static readonly TimeSpan Spread = KeySchedule.Spread;

    [Fact]
    public async Task Rotate_OnDemand_PublishesNowAndSignsWhenEveryCopyHasIt()
    {
        own.Time.Freeze();
        var (admin, person) = (await AdminAsync(), await own.SignedInAsync());
        var first = KeyOf(person);

        var keys = await RotateAsync(admin);
        var again = await RotateAsync(admin);

        var next = Assert.Single(keys, key => key.Text("state") == "upcoming").Text("keyId");
        Assert.Equal(keys.Select(key => key.GetRawText()), again.Select(key => key.GetRawText()));
        Assert.Equal([first, next], await PublishedAsync());
        await own.Events.AuditAsync("key.rotated", next);

        own.Time.Advance(Spread - TimeSpan.FromSeconds(5));
        await person.LogInAsync();
        Assert.Equal(first, KeyOf(person));
        var old = person.AccessToken;

        own.Time.Advance(TimeSpan.FromSeconds(10));
        await person.LogInAsync();
        Assert.Equal(next, KeyOf(person));
        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync(old)).StatusCode);

        own.Time.Advance(TimeSpan.FromMinutes(17));
        await own.Host.Services.GetRequiredService<KeyRotation>().RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal([next], await PublishedAsync());
    }

    [Fact]
    public async Task Rotate_WhileTheNextKeyIsPublished_LetsThatOneSignSooner()
    {
        var time = new ShiftedTime(); // not the class's: its host would rotate its own keys meanwhile
        await using var host = IdentityHost.Start(await NewBackingAsync(), time, IdentityHost.FastHashes);
        using var http = host.CreateClient();
        time.Advance(TimeSpan.FromDays(29) + TimeSpan.FromMinutes(1));
        await host.Services.GetRequiredService<KeyRotation>().RunAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromHours(1));
        var admin = new Person(http);
        await LogInAdministratorAsync(admin);
        var (before, now) = (await ListAsync(admin, http), time.GetUtcNow());

        using var answer = await IdentityApi.SendAsync(http, HttpMethod.Post, "/api/v1/auth/keys/rotate", admin.AccessToken);
        var after = (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(before.Select(key => key.Text("keyId")), after.Select(key => key.Text("keyId")));
        Assert.True(before[1].GetProperty("activatesAt").GetDateTimeOffset() > now + TimeSpan.FromHours(12));
        var activatesAt = after[1].GetProperty("activatesAt").GetDateTimeOffset();
        Assert.InRange(activatesAt, now + KeySchedule.Notice, now + KeySchedule.Notice + TimeSpan.FromMinutes(2));
        Assert.Equal(activatesAt, after[0].GetProperty("retiresAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Rotate_Compromised_DropsEveryKeyAndRefusesWhatTheySigned()
    {
        var backing = await NewBackingAsync();
        await using var host = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        await using var gateway = await FakeGateway.ConnectAsync(backing.Redis);
        var (admin, person) = (new Person(http), new Person(http));
        await LogInAdministratorAsync(admin);
        await person.RegisterAsync();
        await person.LogInAsync();
        var (dropped, old) = (KeyOf(person), person.AccessToken);
        await RotateAsync(admin, http: http);
        await gateway.ReceiptAsync(1_000_000);

        using var answer = await IdentityApi.SendAsync(
            http, HttpMethod.Post, "/api/v1/admin/keys/rotate", admin.AccessToken, new { compromised = true });
        var body = await answer.BodyAsync(HttpStatusCode.OK);

        var key = Assert.Single(body.GetProperty("items").EnumerateArray());
        Assert.Equal("active", key.Text("state"));
        Assert.NotEqual(dropped, key.Text("keyId"));
        Assert.True(body.GetProperty("gateways").GetProperty("everywhere").GetBoolean());
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync(old)).StatusCode);
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(http).IntrospectAsync(old));
        await person.RefreshAsync();
        Assert.Equal(key.Text("keyId"), KeyOf(person));
        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync()).StatusCode);
        var revoked = await host.QueryAsync(db => db.Revocations.Where(row => row.Kind == RevocationKind.Key).Select(row => row.Value).ToListAsync());
        Assert.Equal(2, revoked.Count);
        Assert.Contains(dropped, revoked);
        await Eventually.Async(async () => (await gateway.RevocationsAsync()).Count(item => item.Kind == RevocationKind.Key) == 2, IdentityApi.Deadline);
    }

    [Fact]
    public async Task Rotate_CompromisedOnAnotherReplica_IsFollowedWithinSeconds()
    {
        var backing = await NewBackingAsync();
        await using var one = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        await using var other = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using var http = one.CreateClient();
        using var atOther = other.CreateClient();
        var admin = new Person(http);
        await LogInAdministratorAsync(admin);
        var old = admin.AccessToken;

        using var answer = await IdentityApi.SendAsync(http, HttpMethod.Post, "/api/v1/auth/keys/rotate", old, new { compromised = true });
        answer.EnsureSuccessStatusCode();

        await Eventually.Async(
            async () => (await new Person(atOther).TryMeAsync(old)).StatusCode == HttpStatusCode.Unauthorized, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Ask_WithoutBothRights_IsForbidden()
    {
        var admin = await own.Host.SignedInAsync(own.Http, Role.Admin); // of a tenant

        foreach (var path in (string[])["/api/v1/admin/keys", "/api/v1/auth/keys"])
        {
            using var list = await IdentityApi.SendAsync(own.Http, HttpMethod.Get, path, admin.AccessToken);
            using var rotation = await IdentityApi.SendAsync(own.Http, HttpMethod.Post, $"{path}/rotate", admin.AccessToken);
            Assert.Equal("insufficient_scope", await list.ProblemAsync(HttpStatusCode.Forbidden));
            Assert.Equal("insufficient_scope", await rotation.ProblemAsync(HttpStatusCode.Forbidden));
        }
    }

    [Theory]
    [InlineData("ES256", "RS256")]
    [InlineData("RS256", "ES256")]
    [InlineData("ES256", "ES256")]
    public async Task Sign_ByConfiguredAlgorithms_IsVerifiedAndAnnounced(string algorithm, string idTokenAlgorithm)
    {
        await using var host = IdentityHost.Start(
            await NewBackingAsync(), services: IdentityHost.FastHashes,
            settings: [("Keys:Algorithm", algorithm), ("Keys:IdTokenAlgorithm", idTokenAlgorithm)]);
        using var http = host.CreateClient();
        var application = await Application.RegisterAsync(host, http);
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        using var browser = new Browser(http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);

        Assert.Equal(algorithm, Jwt.Header(tokens.Text("access_token")).Text("alg"));
        Assert.Equal(idTokenAlgorithm, Jwt.Header(tokens.Text("id_token")).Text("alg"));
        Assert.Equal(HttpStatusCode.OK, (await application.UserInfoAsync(tokens.Text("access_token"))).StatusCode);
        Assert.True(CompactJws.TryParse(tokens.Text("id_token"), out var signed));
        using var keySet = JsonDocument.Parse(await http.GetStringAsync("/.well-known/jwks.json"));
        var jwk = keySet.RootElement.GetProperty("keys").EnumerateArray().Single(key => key.Text("kid") == signed.KeyId);
        Assert.True(VerificationKey.FromJwk(jwk)!.Verifies(signed));
        Assert.Equal(JwkThumbprint.Of(jwk), jwk.Text("kid"));
        var metadata = await (await http.GetAsync("/.well-known/openid-configuration")).BodyAsync(HttpStatusCode.OK);
        Assert.Equal([idTokenAlgorithm], metadata.GetProperty("id_token_signing_alg_values_supported").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public async Task Configure_AnotherAlgorithm_TakesOverOnceItsKeyWasPublishedAhead()
    {
        var (backing, time) = (await NewBackingAsync(), new ShiftedTime());
        await using (IdentityHost.Start(backing, time, IdentityHost.FastHashes))
        {
        }

        await using var host = IdentityHost.Start(
            backing, time, IdentityHost.FastHashes, settings: [("Keys:Algorithm", "ES256"), ("Keys:IdTokenAlgorithm", "ES256")]);
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        var old = person.AccessToken;
        Assert.Equal("RS256", Jwt.Header(old).Text("alg"));

        time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        await person.LogInAsync();
        Assert.Equal("RS256", Jwt.Header(person.AccessToken).Text("alg"));
        old = person.AccessToken;
        time.Advance(TimeSpan.FromMinutes(2));
        await person.LogInAsync();
        Assert.Equal("ES256", Jwt.Header(person.AccessToken).Text("alg"));
        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync(old)).StatusCode);

        time.Advance(TimeSpan.FromMinutes(20));
        await host.Services.GetRequiredService<KeyRotation>().RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["ES256"], (await ListAsync(await AdminOfAsync(http), http)).Select(key => key.Text("algorithm")));
    }

    private static string KeyOf(Person person) => Jwt.Header(person.AccessToken).Text("kid");

    private static async Task<List<JsonElement>> ListAsync(Person admin, HttpClient http)
    {
        using var answer = await IdentityApi.SendAsync(http, HttpMethod.Get, "/api/v1/admin/keys", admin.AccessToken);
        return [.. (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray()];
    }

    private static async Task<Person> AdminOfAsync(HttpClient http)
    {
        var admin = new Person(http);
        await LogInAdministratorAsync(admin);
        return admin;
    }

    private static Task LogInAdministratorAsync(Person admin) => admin.LogInAsync("admin", IdentityHost.AdministratorPassword);

    private Task<Backing> NewBackingAsync() => own.NewBackingAsync();

    private Task<Person> AdminAsync() => AdminOfAsync(own.Http);

    private async Task<List<JsonElement>> RotateAsync(Person admin, HttpClient? http = null)
    {
        using var answer = await IdentityApi.SendAsync(http ?? own.Http, HttpMethod.Post, "/api/v1/admin/keys/rotate", admin.AccessToken);
        return [.. (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray()];
    }

    private async Task<string[]> PublishedAsync() =>
        [.. (await (await own.Http.GetAsync("/.well-known/jwks.json")).BodyAsync(HttpStatusCode.OK))
            .GetProperty("keys").EnumerateArray().Select(key => key.Text("kid"))];
}
