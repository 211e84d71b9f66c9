using System.Net;
using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

/// <summary>Revocations by way of a Redis that is emptied, restored or away, of the bus, and over a restart.</summary>
public sealed class RevocationFeedTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Me = "/api/v1/auth/me";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private Surroundings _around = null!;

    public async ValueTask InitializeAsync() => _around = await Surroundings.StartAsync(servers);

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Redis_EmptiedAndWrittenAnew_TakesNothingBackAndBringsWhatIsNew()
    {
        var gateway = await _around.StartGatewayAsync();
        var (first, firstClaims) = _around.Issue();
        var (second, secondClaims) = _around.Issue();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)firstClaims["sid"]!);
        await gateway.MustBecomeRevokedAsync(first);

        await _around.Revocations.PauseAsync();
        await _around.Revocations.Redis.ExecuteAsync("FLUSHDB");
        await gateway.MustBeRevokedAsync(first);
        await _around.Revocations.BeginGenerationAsync();
        _around.Revocations.Beat();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)secondClaims["sid"]!);

        await gateway.MustBecomeRevokedAsync(second);
        await gateway.MustBeRevokedAsync(first);
    }

    [Fact]
    public async Task Restart_OfTheGateway_KnowsEarlierRevocationsBeforeItServes()
    {
        var (token, claims) = _around.Issue();
        for (var count = 0; count < 2500; count++)
        {
            await _around.Revocations.RevokeAsync(RevocationKind.Token, $"filler-{count}", wake: false);
        }

        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        var gateway = await _around.StartGatewayAsync(ready: false);

        // Whatever it answers meanwhile, never 200.
        await Eventually.Async(async () =>
        {
            var status = (await gateway.GetAsync(Me, token)).StatusCode;
            Assert.NotEqual(HttpStatusCode.OK, status);
            return status == HttpStatusCode.Unauthorized;
        }, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Redis_Away_RevocationsComeByTheBusAndReceiptsFollowWhenItIsBack()
    {
        var gateway = await _around.StartGatewayAsync();
        await gateway.MustHaveBusAsync();
        var (token, claims) = _around.Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        var bus = await _around.StartBusAsync();
        _around.Redis.Cut();

        var revocation = _around.Revocations.Next(RevocationKind.Session, (string)claims["sid"]!);
        await bus.Publish(revocation);
        await gateway.MustBecomeRevokedAsync(token);

        _around.Redis.Mend();
        await _around.Revocations.WriteAsync(revocation);
        await Eventually.Async(
            async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, TimeSpan.FromSeconds(20), "no receipt came");
        await bus.StopAsync();
    }

    [Fact]
    public async Task Bus_DeliversLateDoubledAndInAnyOrder_TheStrictestHoldsAndTheSequenceIsTrue()
    {
        var gateway = await _around.StartGatewayAsync();
        await gateway.MustHaveBusAsync();
        var (token, claims) = _around.Issue(change: claims => claims["epoch"] = 3);
        var (other, otherClaims) = _around.Issue(change: claims => claims["epoch"] = 3);
        var bus = await _around.StartBusAsync();
        await _around.Revocations.PauseAsync(); // or a heartbeat would vouch for what the stream does not have
        RevocationIssued[] issued =
        [
            _around.Revocations.Next(RevocationKind.Subject, (string)claims["sub"]!, epoch: 4),
            _around.Revocations.Next(RevocationKind.Subject, (string)claims["sub"]!, epoch: 2),
            _around.Revocations.Next(RevocationKind.Session, (string)otherClaims["sid"]!),
        ];

        // The last first, then the weaker one twice, the strict one last; then all of it in the stream as well.
        await bus.Publish(issued[2]);
        await gateway.MustBecomeRevokedAsync(other);
        Assert.Equal(0, await _around.Revocations.ReceiptOfAsync("gateway-1"));
        await bus.Publish(issued[1]);
        await bus.Publish(issued[1]);
        await bus.Publish(issued[0]);
        await gateway.MustBecomeRevokedAsync(token);
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == 3, Soon, "no receipt came");
        foreach (var one in issued)
        {
            await _around.Revocations.WriteAsync(one);
        }

        await bus.Publish(issued[1]);
        _around.Revocations.Beat();
        await gateway.MustBeRevokedAsync(token);
        await gateway.MustBeRevokedAsync(other);
        await bus.StopAsync();
    }

    [Fact]
    public async Task Redis_RestoredFromAnOlderCopy_TakesNothingBack()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = _around.Issue();
        await _around.Revocations.PauseAsync();
        var copy = await _around.Revocations.Redis.KeyDumpAsync(RevocationStream.Key);
        var revocation = await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        await gateway.MustBecomeRevokedAsync(token);

        await _around.Revocations.Redis.KeyDeleteAsync(RevocationStream.Key);
        await _around.Revocations.Redis.KeyRestoreAsync(RevocationStream.Key, copy);
        await gateway.MustBeRevokedAsync(token);

        // The identity service finds its stream behind, and writes it anew.
        await _around.Revocations.BeginGenerationAsync();
        await _around.Revocations.WriteAsync(revocation);
        _around.Revocations.Beat();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, Soon, "no receipt came");
        await gateway.MustBeRevokedAsync(token);
    }

    // The ids of a stream are times of the server that holds it: one whose clock is behind begins again below them.
    [Fact]
    public async Task Generation_WhoseIdsAreOlderThanWhatWasRead_IsReadFromItsStart()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = _around.Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        await _around.Revocations.PauseAsync();
        await _around.Revocations.BeginGenerationAsync(firstId: "1-1");
        await _around.Revocations.WriteAsync(_around.Revocations.Next(RevocationKind.Session, (string)claims["sid"]!), id: "1-2");

        await gateway.MustBecomeRevokedAsync(token);
    }
}
