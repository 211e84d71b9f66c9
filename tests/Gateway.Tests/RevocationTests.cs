using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RevocationTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Me = "/api/v1/auth/me";

    // The promise is one second; the rest is patience with a busy machine.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private Surroundings _around = null!;

    public async ValueTask InitializeAsync() => _around = await Surroundings.StartAsync(servers);

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Theory]
    [InlineData(RevocationKind.Token, "jti")]
    [InlineData(RevocationKind.Session, "sid")]
    [InlineData(RevocationKind.Subject, "sub")]
    [InlineData(RevocationKind.Client, "client_id")]
    [InlineData(RevocationKind.Tenant, "tid")]
    public async Task Revoked_ByAnyOfItsIds_IsRefusedAndOthersAreNot(RevocationKind kind, string claim)
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue(client: "one-client");
        var (other, _) = Issue(client: "other-client");
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        var revocation = await _around.Revocations.RevokeAsync(kind, (string)claims[claim]!, epoch: kind > RevocationKind.Session ? 2 : null);

        await MustBecomeRevokedAsync(gateway, token);
        await (await gateway.GetAsync(Me, other)).MustHaveArrivedAsync();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, Soon, "no receipt came");
    }

    [Fact]
    public async Task Revoked_ByEpoch_LeavesTokensOfTheNextEpochAlone()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        await _around.Revocations.RevokeAsync(RevocationKind.Subject, (string)claims["sub"]!, epoch: 2);
        await MustBecomeRevokedAsync(gateway, token);

        claims["epoch"] = 2;
        await (await gateway.GetAsync(Me, _around.Issuer.Sign(claims.DeepClone().AsObject(), "first"))).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task Cutoff_OfAll_RefusesOlderTokensAndAStricterClientEpochStillHolds()
    {
        var gateway = await _around.StartGatewayAsync();
        var now = TimeProvider.System.GetUtcNow();
        var (old, _) = Issue(change: claims => claims["iat"] = now.AddMinutes(-5).ToUnixTimeSeconds());
        var (young, youngClaims) = Issue(client: "cut-off-later");
        await (await gateway.GetAsync(Me, old)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Global, "", cutoff: now.AddMinutes(-1));
        await MustBecomeRevokedAsync(gateway, old);
        await (await gateway.GetAsync(Me, young)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Client, (string)youngClaims["client_id"]!, epoch: 9);
        await MustBecomeRevokedAsync(gateway, young);

        // A weaker one that comes later takes nothing back.
        var weaker = await _around.Revocations.RevokeAsync(RevocationKind.Client, (string)youngClaims["client_id"]!, epoch: 1);
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == weaker.Sequence, Soon, "no receipt came");
        await MustBeRevokedAsync(gateway, young);
    }

    [Fact]
    public async Task Revoked_WithTheWakeUpLost_IsRefusedAllTheSame()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!, wake: false);

        await MustBecomeRevokedAsync(gateway, token);
    }

    [Fact]
    public async Task Redis_EmptiedAndWrittenAnew_TakesNothingBackAndBringsWhatIsNew()
    {
        var gateway = await _around.StartGatewayAsync();
        var (first, firstClaims) = Issue();
        var (second, secondClaims) = Issue();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)firstClaims["sid"]!);
        await MustBecomeRevokedAsync(gateway, first);

        await _around.Revocations.PauseAsync();
        await _around.Revocations.Redis.ExecuteAsync("FLUSHDB");
        await MustBeRevokedAsync(gateway, first);
        await _around.Revocations.BeginGenerationAsync();
        _around.Revocations.Beat();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)secondClaims["sid"]!);

        await MustBecomeRevokedAsync(gateway, second);
        await MustBeRevokedAsync(gateway, first);
    }

    [Fact]
    public async Task Restart_OfTheGateway_KnowsEarlierRevocationsBeforeItServes()
    {
        var (token, claims) = Issue();
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
        var (token, claims) = Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        var bus = await _around.StartBusAsync();
        _around.Redis.Cut();

        var revocation = _around.Revocations.Next(RevocationKind.Session, (string)claims["sid"]!);
        await bus.Publish(revocation);
        await MustBecomeRevokedAsync(gateway, token);

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
        var (token, claims) = Issue(change: claims => claims["epoch"] = 3);
        var (other, otherClaims) = Issue(change: claims => claims["epoch"] = 3);
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
        await MustBecomeRevokedAsync(gateway, other);
        Assert.Equal(0, await _around.Revocations.ReceiptOfAsync("gateway-1"));
        await bus.Publish(issued[1]);
        await bus.Publish(issued[1]);
        await bus.Publish(issued[0]);
        await MustBecomeRevokedAsync(gateway, token);
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == 3, Soon, "no receipt came");
        foreach (var one in issued)
        {
            await _around.Revocations.WriteAsync(one);
        }

        await bus.Publish(issued[1]);
        _around.Revocations.Beat();
        await MustBeRevokedAsync(gateway, token);
        await MustBeRevokedAsync(gateway, other);
        await bus.StopAsync();
    }

    // A product's revocation endpoint was heard by nobody who checks tokens by himself.
    [Fact]
    public async Task Token_RevokedByItself_IsRefusedAndItsSessionsOtherTokensAreNot()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        var sibling = claims.DeepClone().AsObject();
        sibling["jti"] = Guid.CreateVersion7().ToString();

        await _around.Revocations.RevokeAsync(RevocationKind.Token, (string)claims["jti"]!);

        await MustBecomeRevokedAsync(gateway, token);
        await (await gateway.GetAsync(Me, _around.Issuer.Sign(sibling, "first"))).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task Redis_RestoredFromAnOlderCopy_TakesNothingBack()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        await _around.Revocations.PauseAsync();
        var copy = await _around.Revocations.Redis.KeyDumpAsync(RevocationStream.Key);
        var revocation = await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        await MustBecomeRevokedAsync(gateway, token);

        await _around.Revocations.Redis.KeyDeleteAsync(RevocationStream.Key);
        await _around.Revocations.Redis.KeyRestoreAsync(RevocationStream.Key, copy);
        await MustBeRevokedAsync(gateway, token);

        // The identity service finds its stream behind, and writes it anew.
        await _around.Revocations.BeginGenerationAsync();
        await _around.Revocations.WriteAsync(revocation);
        _around.Revocations.Beat();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, Soon, "no receipt came");
        await MustBeRevokedAsync(gateway, token);
    }

    [Fact]
    public async Task AnonymousRoute_WithARevokedToken_PassesWithoutIt()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        await MustBecomeRevokedAsync(gateway, token);

        var arrived = await (await gateway.GetAsync("/connect/userinfo", token)).MustHaveArrivedAsync();

        Assert.DoesNotContain("Authorization", arrived.Headers.Keys);
    }

    private (string Token, JsonObject Claims) Issue(string client = "platform-web", Action<JsonObject>? change = null)
    {
        var claims = Issuer.Claims(Scopes.IdentitySelf);
        claims["client_id"] = client;
        change?.Invoke(claims);
        return (_around.Issuer.Sign(claims.DeepClone().AsObject(), "first"), claims);
    }

    private static async Task MustBecomeRevokedAsync(GatewayHost gateway, string token)
    {
        await Eventually.Async(async () => (await gateway.GetAsync(Me, token)).StatusCode == HttpStatusCode.Unauthorized, Soon, "the revoked token stayed good");
        await MustBeRevokedAsync(gateway, token);
    }

    private static async Task MustBeRevokedAsync(GatewayHost gateway, string token)
    {
        var problem = await (await gateway.GetAsync(Me, token)).MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Equal("The access token was revoked.", problem.GetProperty("detail").GetString());
    }
}
