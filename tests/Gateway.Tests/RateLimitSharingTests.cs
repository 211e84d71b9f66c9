using Gateway.Tests.Support;
using Platform.Testing;
using StackExchange.Redis;

namespace Gateway.Tests;

/// <summary>Several gateways, one limit, a real Redis. The window is long, so that nothing comes back while a test runs.</summary>
public sealed class RateLimitSharingTests(PlatformServers servers) : IAsyncLifetime
{
    private const int Permits = 200;
    private const int Hour = 3600;

    private readonly List<LimiterHost> _gateways = [];
    private string _redis = null!;
    private CuttableLink _cable = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await servers.CreateRedisDatabaseAsync();
        var endpoint = _redis.Split(',')[0].Split(':');
        _cable = new CuttableLink(endpoint[0], int.Parse(endpoint[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        await _cable.DisposeAsync();
    }

    [Fact]
    public async Task TwoGateways_TriedInTurn_AdmitTheQuotaTogether()
    {
        var (one, other) = (await StartAsync("one"), await StartAsync("other"));

        Assert.InRange(await TryInTurnAsync(one, other, 2 * Permits), Permits - 4, Permits + Advance(2));
    }

    /// <summary>The control: with nothing between them, each admits the whole.</summary>
    [Fact]
    public async Task TwoGateways_ThatShareNoRedis_AdmitItTwice()
    {
        var one = await StartAsync("one");
        var other = await StartAsync("other", redis: await servers.CreateRedisDatabaseAsync());

        Assert.Equal(2 * Permits, await TryInTurnAsync(one, other, 3 * Permits));
    }

    [Fact]
    public async Task TwoGateways_FloodedAtOnce_AdmitTheQuotaTogether()
    {
        var (one, other) = (await StartAsync("one"), await StartAsync("other"));

        var admitted = await Task.WhenAll(Enumerable.Range(0, 20).Select(turn => Task.Run(() => (turn % 2 == 0 ? one : other).TryAsync(50))));

        // What one holds and has not used comes free for the other when the lease has ended.
        var sum = admitted.Sum();
        await Eventually.Async(async () => (sum += await one.TryAsync(1) + await other.TryAsync(1)) >= Permits, TimeSpan.FromSeconds(10), "not all permits could be had");
        Assert.InRange(sum, Permits, Permits + Advance(2));
        Assert.Equal(0, await TryInTurnAsync(one, other, 100));
    }

    [Fact]
    public async Task Burst_OfManyAtOnceAtAFreshGateway_IsAdmittedUpToTheQuota()
    {
        var one = await StartAsync("one");

        var admitted = await Task.WhenAll(Enumerable.Range(0, Permits + 50).Select(_ => one.TryAsync()));

        Assert.Equal(Permits, admitted.Count(ok => ok));
    }

    [Fact]
    public async Task UsedUpAtOneGateway_IsKnownAtAnotherThatIsNew()
    {
        var one = await StartAsync("one");
        Assert.Equal(Permits, await one.TryAsync(Permits + 10));
        var other = await StartAsync("other");

        Assert.InRange(await other.TryAsync(100), 0, Advance(1));
    }

    [Fact]
    public async Task CutOff_FromRedis_AdmitsItsShareAndTheOtherGoesOnSharing()
    {
        var one = await StartAsync("one");
        var cut = await StartAsync("cut", over: _cable);
        Assert.Equal(20, await TryInTurnAsync(one, cut, 20));
        await KnownToBothAsync(one, cut);

        _cable.Cut();
        await cut.TryAsync(2);
        await cut.MustBeLocalAsync();

        // The share is half, of which it has used ten; those it took before it noticed are within the share too.
        Assert.InRange(12 + await UsedUpAsync(cut), Permits / 2, (Permits / 2) + 6);
        Assert.True(one.Sharing.IsShared);
        var rest = 0;
        await Eventually.Async(
            async () => (rest += await one.TryAsync(20)) >= Permits - 30, TimeSpan.FromSeconds(10), "what the gateway held that was cut off did not come back");
        Assert.InRange(rest, Permits - 30, Permits);

        // Back, what it used counts for both: nothing is left.
        _cable.Mend();
        await cut.MustShareAsync();
        Assert.InRange(await TryInTurnAsync(one, cut, 50), 0, Advance(2));
    }

    [Fact]
    public async Task RedisAway_ForBoth_AdmitsTheQuotaTogetherAndNoBurstWhenItIsBack()
    {
        var (one, other) = (await StartAsync("one", over: _cable), await StartAsync("other", over: _cable));
        Assert.Equal(20, await TryInTurnAsync(one, other, 20));
        await KnownToBothAsync(one, other);

        _cable.Cut();
        await Task.WhenAll(one.MustBeLocalAsync(), other.MustBeLocalAsync());
        var alone = await UsedUpAsync(one) + await UsedUpAsync(other);

        Assert.InRange(20 + alone, Permits, Permits + 4);
        _cable.Mend();
        await Task.WhenAll(one.MustShareAsync(), other.MustShareAsync());
        Assert.InRange(await TryInTurnAsync(one, other, 50), 0, Advance(2));
    }

    [Fact]
    public async Task RedisEmptied_ForgetsNothingThatTheGatewaysKnow()
    {
        var (one, other) = (await StartAsync("one"), await StartAsync("other"));
        Assert.InRange(await TryInTurnAsync(one, other, 2 * Permits), Permits - 4, Permits + Advance(2));
        await KnownToBothAsync(one, other);

        var redis = await ConnectionMultiplexer.ConnectAsync(_redis);
        await redis.GetDatabase().ExecuteAsync("FLUSHDB");
        await Eventually.Async(
            async () => await redis.GetDatabase().HashLengthAsync(one.Policy.Partitions.Single().Name) == 2,
            TimeSpan.FromSeconds(10), "Redis was not told again");
        await redis.CloseAsync();

        Assert.InRange(await TryInTurnAsync(one, other, 100), 0, 4);
        var third = await StartAsync("third");
        Assert.InRange(await third.TryAsync(100), 0, 4 + Advance(1));
    }

    [Fact]
    public async Task GatewayThatDied_HoldsItsPermitsForTheLeaseAndNoLonger()
    {
        var (one, dying) = (await StartAsync("one"), await StartAsync("dying"));
        var used = await dying.TryAsync(40);
        await KnownToBothAsync(one, dying);
        dying.Kill();

        var admitted = 0;
        await Eventually.Async(
            async () => (admitted += await one.TryAsync(50)) >= Permits - used,
            TimeSpan.FromSeconds(10), "what the dead gateway held did not come back");

        Assert.InRange(admitted + used, Permits, Permits + Advance(2));
    }

    [Fact]
    public async Task ClockOfRedis_ThatGoesBack_NeitherOpensNorShutsForLong()
    {
        var (one, other) = (await StartAsync("one"), await StartAsync("other"));
        Assert.Equal(20, await TryInTurnAsync(one, other, 20));
        await KnownToBothAsync(one, other);
        other.Kill();

        // As if it had been written by a clock an hour ahead.
        var redis = await ConnectionMultiplexer.ConnectAsync(_redis);
        var key = one.Policy.Partitions.Single().Name;
        var field = ((string)(await redis.GetDatabase().HashGetAsync(key, "other"))!).Split(' ');
        var ahead = long.Parse(field[0], System.Globalization.CultureInfo.InvariantCulture) + 3_600_000;
        await redis.GetDatabase().HashSetAsync(key, "other", $"{ahead} 50 {ahead + 1000} {field[3]}");
        await redis.CloseAsync();

        var admitted = 0;
        await Eventually.Async(
            async () => (admitted += await one.TryAsync(50)) >= Permits - 20, TimeSpan.FromSeconds(10), "what was held by the wrong clock did not come back");
        Assert.InRange(admitted, Permits - 20, Permits - 20 + Advance(2));
    }

    [Fact]
    public async Task Keys_InRedis_Expire()
    {
        var one = await StartAsync("one", seconds: 1);
        await one.TryAsync(5);
        var redis = await ConnectionMultiplexer.ConnectAsync(_redis);
        var key = one.Policy.Partitions.Single().Name;

        await Eventually.Async(async () => await redis.GetDatabase().KeyTimeToLiveAsync(key) is { TotalSeconds: > 0 and < 3 }, TimeSpan.FromSeconds(5), "no expiry");
        await Eventually.Async(async () => !await redis.GetDatabase().KeyExistsAsync(key) && one.Policy.Count == 0, TimeSpan.FromSeconds(10), "it did not expire");
        await redis.CloseAsync();
    }

    private async Task<LimiterHost> StartAsync(string name, string? redis = null, CuttableLink? over = null, int seconds = Hour)
    {
        redis ??= _redis;
        var address = redis.Split(',')[0];
        var gateway = await LimiterHost.StartAsync(over is null ? redis : redis.Replace(address, $"127.0.0.1:{over.Port}", StringComparison.Ordinal), name, Permits, seconds);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>What gateways may admit in excess that have not heard how the partition stands: a hundredth each.</summary>
    private static int Advance(int gateways) => gateways * Permits / 100;

    // Permits held and not used, for at most a lease, are no longer held, and each has told what it used.
    private static async Task KnownToBothAsync(LimiterHost one, LimiterHost other)
    {
        foreach (var gateway in (LimiterHost[])[one, other])
        {
            await gateway.Sharing.NextRound;
            await gateway.Sharing.NextRound;
        }
    }

    private static async Task<int> TryInTurnAsync(LimiterHost one, LimiterHost other, int times)
    {
        var admitted = 0;
        for (var time = 0; time < times; time++)
        {
            admitted += await (time % 2 == 0 ? one : other).TryAsync(1);
        }

        return admitted;
    }

    /// <summary>Tries until it is refused for good.</summary>
    private static Task<int> UsedUpAsync(LimiterHost gateway) => gateway.TryAsync(2 * Permits);
}
