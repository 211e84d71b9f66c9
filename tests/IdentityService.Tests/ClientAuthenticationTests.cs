using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace IdentityService.Tests;

public sealed class ClientAuthenticationTests(IdentityApi api)
{
    private const string Token = "/connect/token";

    [Fact]
    public async Task Ask_WithTheSecretInHeaderOrForm_GivesATokenOfTheClient()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);

        var claims = Jwt.Claims(await client.TokenAsync("devices:read"));
        using var inForm = await client.AskOpenlyAsync(
            Token, ("grant_type", "client_credentials"), ("client_id", client.Id), ("client_secret", client.Secret!));

        Assert.Equal(client.Id, claims.Text("sub"));
        Assert.Equal(client.Id, claims.Text("client_id"));
        Assert.Equal("devices:read", claims.Text("scope"));
        Assert.False(claims.TryGetProperty("sid", out _));
        Assert.Equal("devices:read audit:read", (await inForm.BodyAsync(HttpStatusCode.OK)).Text("scope"));
        await api.Events.OneAsync<AuditRecorded>(record =>
            record.Action == "client.token_issued" && record.ResourceId == client.Id && record.Envelope.Actor.Kind == ActorKind.Client
            && api.Events.Of<AuditRecorded>(other => other.Action == "client.token_issued" && other.ResourceId == client.Id)[0] == record);
    }

    [Fact]
    public async Task Ask_WithoutTheRightSecret_IsRefusedAndRecorded()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var wrong = new TestClient(api.Http, client.Id, "wrong");

        using var answer = await wrong.AskAsync(Token, ("grant_type", "client_credentials"));

        Assert.Equal("invalid_client", (await answer.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
        Assert.Equal("Basic", answer.Headers.WwwAuthenticate.Single().Scheme);
        var record = await api.Events.AuditAsync("client.authentication_failed", client.Id, AuditResult.Denied);
        Assert.Equal("wrong_secret", record.Detail!["reason"]);
        await RefusedAsync(new TestClient(api.Http, Guid.CreateVersion7().ToString(), client.Secret));
        await RefusedAsync(new TestClient(api.Http, client.Id.ToUpperInvariant(), client.Secret));
        await RefusedAsync(new TestClient(api.Http, client.Id, ""));
        await RefusedAsync(new TestClient(api.Http, client.Id, new string('x', 2000)));
        await RefusedAsync(new TestClient(api.Http, "gateway", client.Secret));
    }

    [Fact]
    public async Task Ask_WithoutTheRightSecretManyTimes_IsRecordedOnceAndCounted()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var wrong = new TestClient(api.Http, client.Id, "wrong");
        var counted = api.Host.Services.GetRequiredService<RefusedClients>();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RefusedAsync(wrong)));
        await counted.RunAsync(TestContext.Current.CancellationToken);
        await counted.RunAsync(TestContext.Current.CancellationToken);
        await RefusedAsync(wrong);

        await Eventually.Async(() => Told() == 21, IdentityApi.Deadline, "not all refusals were recorded");
        Assert.InRange(Records().Count, 3, 4); // one more when the minute ended in between

        IReadOnlyList<AuditRecorded> Records() =>
            api.Events.Of<AuditRecorded>(record => record.Action == "client.authentication_failed" && record.ResourceId == client.Id);

        int Told() => Records().Sum(record => record.Detail!.TryGetValue("count", out var count) ? int.Parse(count, CultureInfo.InvariantCulture) : 1);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic !!!!")]
    [InlineData("Basic Z2F0ZXdheQ==")]
    [InlineData("Basic /////w==")]
    [InlineData("Bearer abc")]
    [InlineData("Basic Og==")]
    public async Task Ask_WithABrokenHeader_IsRefused(string header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Token)
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]),
        };
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using var answer = await api.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Ask_WithAWrongSecretWhileTheDatabaseIsAway_IsCountedOn()
    {
        var scopes = new ChangingScopes { Now = Unreachable() };
        var counted = new RefusedClients(scopes, TimeProvider.System, NullLogger<RefusedClients>.Instance);
        var refused = new RefusedClient(Guid.CreateVersion7().ToString(), Tenants.Default, IsDevice: false, System.Net.IPAddress.Loopback);
        Assert.True(counted.IsFirst(refused));
        Assert.False(counted.IsFirst(refused));
        Assert.False(counted.IsFirst(refused));
        await Assert.ThrowsAsync<InvalidOperationException>(() => counted.RunAsync(TestContext.Current.CancellationToken));

        scopes.Now = api.Host.Services.GetRequiredService<IServiceScopeFactory>();
        await counted.RunAsync(TestContext.Current.CancellationToken);

        Assert.False(counted.IsFirst(refused)); // who goes on is only counted
        Assert.Equal("2", (await api.Events.AuditAsync("client.authentication_failed", refused.Id, AuditResult.Denied)).Detail!["count"]);
    }

    [Fact]
    public async Task Ask_WithTwoProofs_IsRefused()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        using var answer = await client.AskAsync(
            Token, ("grant_type", "client_credentials"), ("client_id", client.Id), ("client_secret", client.Secret!));

        Assert.Equal("invalid_request", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Ask_WithTheFormerSecret_WorksForItsTimeOnly()
    {
        var former = "";
        var now = TimeProvider.System.GetUtcNow();
        var client = await TestClient.RegisterAsync(api.Host, api.Http, row =>
        {
            former = row.NewSecret(now, TimeSpan.Zero);
            row.NewSecret(now, TimeSpan.FromMinutes(5));
        });
        var over = await TestClient.RegisterAsync(api.Host, api.Http, row => row.NewSecret(now, TimeSpan.FromMicroseconds(1)));

        await new TestClient(api.Http, client.Id, former).TokenAsync();
        await RefusedAsync(client); // the one before the former
        await RefusedAsync(over);
    }

    [Fact]
    public async Task Ask_DisabledClient_IsRefused()
    {
        var now = TimeProvider.System.GetUtcNow();
        var open = await TestClient.RegisterAsync(api.Host, api.Http, row => row.Disable(true, now), ClientProof.None);

        await RefusedAsync(await TestClient.RegisterAsync(api.Host, api.Http, row => row.Disable(true, now)));
        await RefusedAsync(() => open.AskOpenlyAsync(Token, ("grant_type", "client_credentials"), ("client_id", open.Id)));
    }

    [Fact]
    public async Task Ask_NamingAnotherClientInTheForm_IsRefused()
    {
        var (client, other) = (await TestClient.RegisterAsync(api.Host, api.Http), await TestClient.RegisterAsync(api.Host, api.Http));

        await RefusedAsync(() => client.AskAsync(Token, ("grant_type", "client_credentials"), ("client_id", other.Id)));
    }

    [Theory]
    [InlineData("devices:write")]
    [InlineData("devices:read identity:admin")]
    [InlineData("identity:self")]
    public async Task Ask_ForAScopeItMayNotHave_IsRefused(string scope)
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http, row => row.Scopes = ["devices:read", "identity:self", "openid"]);
        using var answer = await client.AskAsync(Token, ("grant_type", "client_credentials"), ("scope", scope));

        Assert.Equal("invalid_scope", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Ask_ForAGrantItMayNotUse_IsRefused()
    {
        var withoutGrant = await TestClient.RegisterAsync(api.Host, api.Http, row => row.GrantTypes = []);
        var open = await TestClient.RegisterAsync(api.Host, api.Http, proof: ClientProof.None);

        using var one = await withoutGrant.AskAsync(Token, ("grant_type", "client_credentials"));
        using var two = await open.AskOpenlyAsync(Token, ("grant_type", "client_credentials"), ("client_id", open.Id));
        using var three = await TestClient.Gateway(api.Http).AskAsync(Token, ("grant_type", "client_credentials"));

        foreach (var answer in new[] { one, two, three })
        {
            Assert.Equal("unauthorized_client", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        }
    }

    [Fact]
    public async Task Ask_WithAnAssertion_IsGoodOnce()
    {
        using var device = TestDevice.WithEcKey();
        var jwk = device.Enrolled().PublicKeyJwk;
        await api.Host.QueryAsync(db =>
        {
            db.Clients.Add(new Client
            {
                Id = device.Id,
                TenantId = Tenants.Default,
                Name = "Robot",
                Proof = ClientProof.PrivateKey,
                KeySet = $$"""{"keys":[{"kty":"oct","k":"AAAA","kid":"odd"},{{jwk}}]}""",
                GrantTypes = [ClientTokens.Grant],
                Scopes = ["devices:read"],
            });
            return db.SaveChangesAsync();
        });
        var assertion = device.Assertion();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => TestDevice.AskAsync(api.Http, assertion)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        using var other = TestDevice.WithEcKey();
        using var foreign = await TestDevice.AskAsync(api.Http, other.Assertion(("iss", device.Id.ToString()), ("sub", device.Id.ToString())));
        Assert.Equal(HttpStatusCode.Unauthorized, foreign.StatusCode);
        await api.Host.QueryAsync(db => db.Clients.Where(row => row.Id == device.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));
        await RefusedAsync(() => TestDevice.AskAsync(api.Http, device.Assertion()));
    }

    [Fact]
    public async Task Store_Secret_IsHashed()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var row = await api.Host.QueryAsync(db => db.Clients.SingleAsync(one => one.Id == Guid.Parse(client.Id)));

        Assert.Equal(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(client.Secret!)), row.SecretHash);
    }

    private static Task RefusedAsync(TestClient client) => RefusedAsync(() => client.AskAsync(Token, ("grant_type", "client_credentials")));

    private static async Task RefusedAsync(Func<Task<HttpResponseMessage>> ask)
    {
        using var answer = await ask();
        Assert.Equal("invalid_client", (await answer.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
    }

    private static IServiceScopeFactory Unreachable() => new ServiceCollection()
        .AddScoped<TenantScope>()
        .Configure<RegistrationOptions>(static _ => { })
        .AddDbContext<IdentityDb>(static options => options.UseNpgsql("Host=127.0.0.1;Port=1;Database=none"))
        .BuildServiceProvider().GetRequiredService<IServiceScopeFactory>();

    private sealed class ChangingScopes : IServiceScopeFactory
    {
        public required IServiceScopeFactory Now { get; set; }

        public IServiceScope CreateScope() => Now.CreateScope();
    }
}
