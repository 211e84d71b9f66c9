using System.Net;
using System.Text.Json.Nodes;
using Gateway.Revocation;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class LosingRedisTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Me = "/api/v1/auth/me";
    private const string Strict = "/api/v1/admin/dead-letters";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private Surroundings _around = null!;

    public async ValueTask InitializeAsync() => _around = await Surroundings.StartAsync(servers);

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task StrictRoute_WhileHeartbeatsCome_AsksNobody()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Revocation:LateAfter", "00:00:10")]);

        await (await gateway.GetAsync(Strict, Issue().Token)).MustHaveArrivedAsync();

        Assert.Empty(_around.Answers.Introspected);
    }

    [Fact]
    public async Task StrictRoute_WhileHeartbeatsAreMissing_GoesByIntrospection()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        var (revoked, revokedClaims) = Issue();
        await (await gateway.GetAsync(Strict, revoked)).MustHaveArrivedAsync();
        await LoseHeartbeatsAsync(gateway);
        _around.Answers.Inactive[(string)revokedClaims["jti"]!] = true;

        await (await gateway.GetAsync(Strict, token)).MustHaveArrivedAsync();
        Assert.Contains(token, _around.Answers.Introspected);
        var refused = await (await gateway.GetAsync(Strict, revoked)).MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Equal("The access token was revoked.", refused.GetProperty("detail").GetString());

        // Ordinary routes go on with what is known.
        await (await gateway.GetAsync(Me, revoked)).MustHaveArrivedAsync();

        await _around.Identity.StopAsync();
        await Eventually.Async(
            async () => (await gateway.GetAsync(Strict, token)).StatusCode == HttpStatusCode.ServiceUnavailable, Soon, "an answer outlived its quarter of a second");
        var unknown = await gateway.GetAsync(Strict, token);
        await unknown.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "revocation_unavailable");
        Assert.NotNull(unknown.Headers.RetryAfter);
    }

    [Fact]
    public async Task StrictRoute_UnderLoadWhileHeartbeatsAreMissing_SharesQuestions()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, _) = Issue();
        await LoseHeartbeatsAsync(gateway);

        var began = TimeProvider.System.GetTimestamp();
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => gateway.GetAsync(Strict, token))))
        {
            await answer.MustHaveArrivedAsync();
        }

        Assert.InRange(_around.Answers.Introspected.Count, 1, 2 + (int)(TimeProvider.System.GetElapsedTime(began) / TimeSpan.FromMilliseconds(250)));
    }

    [Fact]
    public async Task Heartbeats_MissingPastTheBound_RefuseWith503AndNever401()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Revocation:UnknownAfter", "00:00:04")]);
        var (token, _) = Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        Assert.Equal(HealthStatus.Healthy, await gateway.ReadinessAsync());

        await LoseHeartbeatsAsync(gateway);
        Assert.Equal(HealthStatus.Degraded, await gateway.ReadinessAsync());
        await Eventually.Async(() => gateway.State == RevocationState.Unknown, Soon, "never unknown");
        foreach (var path in (string[])[Me, Strict])
        {
            var refused = await gateway.GetAsync(path, token);
            await refused.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "revocation_unavailable");
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Equal(HealthStatus.Unhealthy, await gateway.ReadinessAsync());
        Assert.Equal(HttpStatusCode.OK, (await gateway.SendAsync(HttpMethod.Post, "/api/v1/auth/login")).StatusCode);

        _around.Revocations.Beat();
        await Eventually.Async(async () => (await gateway.GetAsync(Me, token)).StatusCode == HttpStatusCode.OK, Soon, "never back");
    }

    // A message of publish/subscribe is gone for who is just reconnecting; the stream is not.
    [Fact]
    public async Task RedisAndBroker_AwayPastTheBoundAndBack_WhatWasRevokedMeanwhileTakesEffect()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Revocation:UnknownAfter", "00:00:02")]);
        await gateway.MustHaveBusAsync();
        var (token, claims) = Issue();
        var (other, _) = Issue();
        await (await gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        _around.Redis.Cut();
        _around.Broker.Cut();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);

        await Eventually.Async(() => gateway.State == RevocationState.Unknown, Soon, "never unknown");
        await (await gateway.GetAsync(Me, other)).MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "revocation_unavailable");
        _around.Redis.Mend();
        _around.Broker.Mend();

        await Eventually.Async(async () => (await gateway.GetAsync(Me, other)).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(20), "never back");
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.GetAsync(Me, token)).StatusCode);
    }

    [Fact]
    public async Task Broker_AwayAndBack_RevocationsComeByTheStreamAndThenByEither()
    {
        var gateway = await _around.StartGatewayAsync();
        await gateway.MustHaveBusAsync();
        var (first, firstClaims) = Issue();
        var (second, secondClaims) = Issue();
        _around.Broker.Cut();
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)firstClaims["sid"]!);
        await Eventually.Async(async () => (await gateway.GetAsync(Me, first)).StatusCode == HttpStatusCode.Unauthorized, Soon, "not by the stream");

        _around.Broker.Mend();
        _around.Redis.Cut();
        var bus = await _around.StartBusAsync();
        var revocation = _around.Revocations.Next(RevocationKind.Session, (string)secondClaims["sid"]!);
        await Eventually.Async(async () =>
        {
            await bus.Publish(revocation); // until the gateway has its queue again; doubled ones do no harm
            return (await gateway.GetAsync(Me, second)).StatusCode == HttpStatusCode.Unauthorized;
        }, TimeSpan.FromSeconds(30), "not by the bus");
        await bus.StopAsync();
    }

    [Fact]
    public async Task OneOfTwoGateways_CutOffFromRedis_KnowsByTheBusAndIsMissingInTheReceipts()
    {
        var (cable, setting) = _around.OwnCable();
        var living = await _around.StartGatewayAsync();
        var cutOff = await _around.StartGatewayAsync(changes: [setting, ("Revocation:UnknownAfter", "00:00:06")]);
        await cutOff.MustHaveBusAsync();
        var (token, claims) = Issue();
        var (other, _) = Issue();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-2") is not null, Soon, "no receipt came");
        var bus = await _around.StartBusAsync();
        cable.Cut();

        var revocation = await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
        await bus.Publish(revocation);

        await Eventually.Async(async () => (await cutOff.GetAsync(Me, token)).StatusCode == HttpStatusCode.Unauthorized, Soon, "not by the bus");
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-1") == revocation.Sequence, Soon, "no receipt came");
        Assert.Equal(HttpStatusCode.Unauthorized, (await living.GetAsync(Me, token)).StatusCode);
        Assert.NotEqual(revocation.Sequence, await _around.Revocations.ReceiptOfAsync("gateway-2"));

        // Past its bound it refuses everything; the other one does not.
        await Eventually.Async(async () => (await cutOff.GetAsync(Me, other)).StatusCode == HttpStatusCode.ServiceUnavailable, Soon, "it went on");
        await (await living.GetAsync(Me, other)).MustHaveArrivedAsync();
        Assert.Equal(HealthStatus.Healthy, await living.ReadinessAsync());

        cable.Mend();
        await Eventually.Async(async () => await _around.Revocations.ReceiptOfAsync("gateway-2") == revocation.Sequence, TimeSpan.FromSeconds(20), "no receipt came");
        await (await cutOff.GetAsync(Me, other)).MustHaveArrivedAsync();
        await bus.StopAsync();
    }

    private async Task LoseHeartbeatsAsync(GatewayHost gateway)
    {
        await _around.Revocations.PauseAsync();

        // Late for want of a heartbeat, not because one that was written is still to be read.
        await Eventually.Async(
            () => gateway.State == RevocationState.Late && gateway.Staleness < _around.Revocations.SinceBeat + RevocationStream.HeartbeatEvery / 4, Soon, "never late");
    }

    private (string Token, JsonObject Claims) Issue()
    {
        var claims = Issuer.Claims(Scopes.IdentitySelf, Scopes.Platform);
        return (_around.Issuer.Sign(claims.DeepClone().AsObject(), "first"), claims);
    }
}
