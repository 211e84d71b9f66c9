using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RevocationTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Me = "/api/v1/auth/me";

    // The promise is one second; the rest is patience with a busy machine.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

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
        var (token, claims) = _around.Issue(client: "one-client");
        var (other, _) = _around.Issue(client: "other-client");
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        var revocation = await _around.Revocations.RevokeAsync(kind, (string)claims[claim]!, epoch: kind > RevocationKind.Session ? 2 : null);

        await gateway.MustBecomeRevokedAsync(token);
        await (await gateway.GetAsync(Me, other)).MustHaveArrivedAsync();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, Soon, "no receipt came");
    }

    [Fact]
    public async Task Revoked_SigningKey_RefusesWhatItSignedThoughItIsStillPublished()
    {
        var gateway = await _around.StartGatewayAsync();
        var (seen, claims) = _around.Issue();
        var (unseen, _) = _around.Issue();
        await (await gateway.GetAsync(Me, seen)).MustHaveArrivedAsync();
        _around.Issuer.AddKey("second");

        await _around.Revocations.RevokeAsync(RevocationKind.Key, "first");

        await gateway.MustBecomeRevokedAsync(seen);
        await gateway.MustBeRevokedAsync(unseen);
        claims["jti"] = Guid.CreateVersion7().ToString("N");
        await (await gateway.GetAsync(Me, _around.Issuer.Sign(claims.DeepClone().AsObject(), "second"))).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task Revoked_ByEpoch_LeavesTokensOfTheNextEpochAlone()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = _around.Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        await _around.Revocations.RevokeAsync(RevocationKind.Subject, (string)claims["sub"]!, epoch: 2);
        await gateway.MustBecomeRevokedAsync(token);

        claims["epoch"] = 2;
        await (await gateway.GetAsync(Me, _around.Issuer.Sign(claims.DeepClone().AsObject(), "first"))).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task Cutoff_OfAll_RefusesOlderTokensAndAStricterClientEpochStillHolds()
    {
        var gateway = await _around.StartGatewayAsync();
        var now = TimeProvider.System.GetUtcNow();
        var (old, _) = _around.Issue(change: claims => claims["iat"] = now.AddMinutes(-5).ToUnixTimeSeconds());
        var (young, youngClaims) = _around.Issue(client: "cut-off-later");
        await (await gateway.GetAsync(Me, old)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Global, "", cutoff: now.AddMinutes(-1));
        await gateway.MustBecomeRevokedAsync(old);
        await (await gateway.GetAsync(Me, young)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Client, (string)youngClaims["client_id"]!, epoch: 9);
        await gateway.MustBecomeRevokedAsync(young);

        // A weaker one that comes later takes nothing back.
        var weaker = await _around.Revocations.RevokeAsync(RevocationKind.Client, (string)youngClaims["client_id"]!, epoch: 1);
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == weaker.Sequence, Soon, "no receipt came");
        await gateway.MustBeRevokedAsync(young);
    }

    [Fact]
    public async Task Revoked_WithTheWakeUpLost_IsRefusedAllTheSame()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = _around.Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!, wake: false);

        await gateway.MustBecomeRevokedAsync(token);
    }

    // A product's revocation endpoint was heard by nobody who checks tokens by himself.
    [Fact]
    public async Task Token_RevokedByItself_IsRefusedAndItsSessionsOtherTokensAreNot()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = _around.Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        var sibling = claims.DeepClone().AsObject();
        sibling["jti"] = Guid.CreateVersion7().ToString();

        await _around.Revocations.RevokeAsync(RevocationKind.Token, (string)claims["jti"]!);

        await gateway.MustBecomeRevokedAsync(token);
        await (await gateway.GetAsync(Me, _around.Issuer.Sign(sibling, "first"))).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task AnonymousRoute_WithARevokedToken_PassesWithoutIt()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = _around.Issue();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        await gateway.MustBecomeRevokedAsync(token);

        var arrived = await (await gateway.GetAsync("/connect/userinfo", token)).MustHaveArrivedAsync();

        Assert.DoesNotContain("Authorization", arrived.Headers.Keys);
    }
}
