using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Revocation;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class StartingWithoutRedisTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Me = "/api/v1/auth/me";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private Surroundings _around = null!;

    public async ValueTask InitializeAsync() => _around = await Surroundings.StartAsync(servers);

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Start_RedisAway_TakesTheSnapshotAndLaterTheTail()
    {
        var (token, claims) = Issue();
        var (later, laterClaims) = Issue();
        var (other, _) = Issue();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        _around.Redis.Cut();
        var gateway = await _around.StartGatewayAsync(ready: false);

        await MustJudgeAsync(gateway, other);
        Assert.NotEqual(HealthStatus.Unhealthy, await gateway.ReadinessAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.GetAsync(Me, token)).StatusCode);

        var revocation = await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)laterClaims["sid"]!);
        _around.Redis.Mend();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, Soon, "no receipt came");
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.GetAsync(Me, later)).StatusCode);
        Assert.Equal(1, _around.Answers.Snapshots);
    }

    [Fact]
    public async Task Start_RedisEmptied_TakesTheSnapshot()
    {
        var (token, claims) = Issue();
        var (other, _) = Issue();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        await _around.Revocations.PauseAsync();
        await _around.Revocations.Redis.ExecuteAsync("FLUSHDB");
        var gateway = await _around.StartGatewayAsync(ready: false);

        await MustJudgeAsync(gateway, other);
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.GetAsync(Me, token)).StatusCode);
    }

    [Fact]
    public async Task Start_RedisHoldsAnOlderCopyAndIdentityIsAway_IsNotReadyUntilOneOfThemIsThere()
    {
        var (token, claims) = Issue();
        var (other, _) = Issue();
        await _around.Revocations.PauseAsync();
        _around.Revocations.Next(RevocationKind.Session, (string)claims["sid"]!); // after the copy was made
        await _around.Revocations.Redis.KeyDeleteAsync(RevocationStream.Key);
        await _around.Revocations.Redis.ExecuteAsync(
            "XADD", RevocationStream.Key, SecondsAgo(5), "type", "heartbeat", "seq", "0");
        await _around.Identity.StopAsync();

        var gateway = await _around.StartGatewayAsync(ready: false);
        await Eventually.Async(async () => (await gateway.GetAsync(Me, other)).StatusCode == HttpStatusCode.ServiceUnavailable, Soon, "not judged");
        Assert.Equal(RevocationState.Unknown, gateway.State);
        Assert.Equal(HealthStatus.Unhealthy, await gateway.ReadinessAsync());

        await _around.Identity.StartAsync();
        await MustJudgeAsync(gateway, other);
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.GetAsync(Me, token)).StatusCode);
    }

    [Fact]
    public async Task Start_SnapshotCutOff_IsNotReadyByIt()
    {
        var (other, _) = Issue();
        for (var number = 0; number < 1000; number++)
        {
            _around.Revocations.Next(RevocationKind.Token, $"token-{number}");
        }

        _around.Redis.Cut();
        _around.Answers.CutSnapshots = true;
        var gateway = await _around.StartGatewayAsync(ready: false);

        await Eventually.Async(() => Volatile.Read(ref _around.Answers.Snapshots) >= 2, Soon, "nobody asked");
        Assert.Equal(RevocationState.Unknown, gateway.State);

        _around.Answers.CutSnapshots = false;
        await MustJudgeAsync(gateway, other);
    }

    [Fact]
    public async Task Snapshot_IsNotReachableFromOutside()
    {
        var gateway = await _around.StartGatewayAsync();
        var askedByItself = Volatile.Read(ref _around.Answers.Snapshots); // when Redis took its time

        await (await gateway.GetAsync(RevocationSnapshot.Path)).MustBeProblemAsync(HttpStatusCode.NotFound, "route_not_found");
        Assert.Equal(askedByItself, Volatile.Read(ref _around.Answers.Snapshots));
    }

    private static string SecondsAgo(int seconds) => string.Create(
        CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow().AddSeconds(-seconds).ToUnixTimeMilliseconds()}-0");

    private static async Task MustJudgeAsync(GatewayHost gateway, string token) => await Eventually.Async(
        async () => (await gateway.GetAsync(Me, token)).StatusCode == HttpStatusCode.OK, Soon, "the gateway did not become ready");

    private (string Token, JsonObject Claims) Issue()
    {
        var claims = Issuer.Claims(Scopes.IdentitySelf);
        return (_around.Issuer.Sign(claims.DeepClone().AsObject(), "first"), claims);
    }
}
