using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class ApiKeyTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Devices = "/api/v1/devices";
    private const string Key = "pk_0197f3a2b4c5_this-key-is-secret";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private Surroundings _around = null!;
    private JsonObject _claims = null!;

    public async ValueTask InitializeAsync()
    {
        _around = await Surroundings.StartAsync(servers);
        _claims = Issuer.Claims(Scopes.DevicesRead);
        _claims["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 300;
        _around.Answers.Keys[Key] = _claims;
    }

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Key_ThatIsGood_ReachesTheServiceAsATokenAndIsExchangedOnce()
    {
        var gateway = await _around.StartGatewayAsync();

        var first = await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        var second = await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();

        Assert.Equal((string)_claims["sub"]!, (string)Issuer.Read(first.Headers["Authorization"]["Bearer ".Length..])["sub"]!);
        Assert.Equal(first.Headers["Authorization"], second.Headers["Authorization"]);
        Assert.All([first, second], arrived => Assert.DoesNotContain(arrived.Headers.Values, value => value.Contains(Key, StringComparison.Ordinal)));
        var (_, address) = Assert.Single(_around.Answers.Exchanges);
        Assert.Equal("127.0.0.1", address);
    }

    [Fact]
    public async Task Key_FirstUsedManyTimesAtOnce_IsExchangedOnce()
    {
        TaskCompletionSource hold = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _around.Answers.Hold = hold.Task;
        var gateway = await _around.StartGatewayAsync();

        var uses = Enumerable.Range(0, 50).Select(_ => UseAsync(gateway, Key)).ToArray();
        await Eventually.Async(() => !_around.Answers.Exchanges.IsEmpty, Soon, "nothing was exchanged");
        hold.SetResult();

        foreach (var answer in await Task.WhenAll(uses))
        {
            await answer.MustHaveArrivedAsync();
        }

        Assert.Single(_around.Answers.Exchanges);
    }

    [Fact]
    public async Task Key_FirstUsedByAClientThatGoesAway_ServesTheOthers()
    {
        TaskCompletionSource hold = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _around.Answers.Hold = hold.Task;
        var gateway = await _around.StartGatewayAsync();
        using CancellationTokenSource gone = new();
        using HttpRequestMessage request = new(HttpMethod.Get, Devices) { Headers = { { "X-API-Key", Key } } };
        var first = gateway.Client.SendAsync(request, gone.Token);
        await Eventually.Async(() => !_around.Answers.Exchanges.IsEmpty, Soon, "nothing was exchanged");
        var second = UseAsync(gateway, Key);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        hold.SetResult();

        await (await second).MustHaveArrivedAsync();
        Assert.Single(_around.Answers.Exchanges);
    }

    [Fact]
    public async Task Key_ThatIsRevoked_IsRefusedAtOnceWithoutAskingAgain()
    {
        var gateway = await _around.StartGatewayAsync();
        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();

        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)_claims["sid"]!);

        await Eventually.Async(async () => (await UseAsync(gateway, Key)).StatusCode == HttpStatusCode.Unauthorized, Soon, "the revoked key stayed good");
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => UseAsync(gateway, Key))))
        {
            await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_api_key");
        }

        // The control: the identity service of this test would still exchange it.
        Assert.Single(_around.Answers.Exchanges);
    }

    [Fact]
    public async Task Key_WhoseOwnerLoggedOutEverywhere_GetsATokenOfTheNextEpoch()
    {
        var gateway = await _around.StartGatewayAsync();
        var before = await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        var claims = _claims.DeepClone().AsObject();
        claims["epoch"] = 2;
        _around.Answers.Keys[Key] = claims;

        await _around.Revocations.RevokeAsync(RevocationKind.Subject, (string)_claims["sub"]!, epoch: 2);

        await Eventually.Async(
            async () => (await (await UseAsync(gateway, Key)).MustHaveArrivedAsync()).Headers["Authorization"] != before.Headers["Authorization"],
            Soon, "the token of the epoch before went on");
        Assert.Equal(2, _around.Answers.Exchanges.Count);
    }

    [Fact]
    public async Task Key_WhoseTokenEnded_IsExchangedAnew()
    {
        var gateway = await _around.StartGatewayAsync();
        _claims["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1;
        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        var renewed = _claims.DeepClone().AsObject();
        renewed["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 300;
        _around.Answers.Keys[Key] = renewed;

        await Eventually.Async(async () =>
        {
            await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
            return _around.Answers.Exchanges.Count == 2;
        }, Soon, "the token was not renewed");
    }

    [Fact]
    public async Task WrongKeys_AreRefusedAndOneOfThemIsAskedAboutOnce()
    {
        var gateway = await _around.StartGatewayAsync();

        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => UseAsync(gateway, "wrong"))))
        {
            await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_api_key");
            Assert.NotEmpty(answer.Headers.WwwAuthenticate);
        }

        Assert.Single(_around.Answers.Exchanges);
    }

    [Theory]
    [InlineData("")]
    [InlineData("one,two")]
    public async Task Key_OfNoKeysForm_IsRefused(string key)
    {
        var gateway = await _around.StartGatewayAsync();

        await (await UseAsync(gateway, key)).MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_api_key");
        await (await UseAsync(gateway, new string('k', 513))).MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_api_key");
        Assert.DoesNotContain(_around.Answers.Exchanges, exchange => exchange.Key.Length > 512);
    }

    [Fact]
    public async Task WrongKeys_TooManyFromOneAddress_AreToldToWaitAndGoodOnesGoOn()
    {
        var gateway = await _around.StartGatewayAsync();
        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        _around.Answers.RetryAfterSeconds = 30;

        for (var number = 0; number < 10; number++)
        {
            var answer = await UseAsync(gateway, $"wrong-{number}");
            await answer.MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));
        }

        Assert.Equal(2, _around.Answers.Exchanges.Count);
        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task IdentityAway_KeysInUseGoOnAndOthersGive503()
    {
        var gateway = await _around.StartGatewayAsync();
        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        await _around.Identity.StopAsync();

        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        var unknown = await UseAsync(gateway, "never-seen");
        await unknown.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "authentication_unavailable");
        Assert.NotNull(unknown.Headers.RetryAfter);

        // Also a revoked one, which is known to be bad.
        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)_claims["sid"]!);
        await Eventually.Async(async () => (await UseAsync(gateway, Key)).StatusCode == HttpStatusCode.Unauthorized, Soon, "the revoked key stayed good");
    }

    [Fact]
    public async Task Key_WithoutTheScope_IsForbidden()
    {
        var gateway = await _around.StartGatewayAsync();

        var answer = await gateway.SendAsync(HttpMethod.Post, Devices, null, null, ("X-API-Key", Key));

        await answer.MustBeProblemAsync(HttpStatusCode.Forbidden, "insufficient_scope");
    }

    [Fact]
    public async Task Key_OnARouteForAnyone_IsTakenOff()
    {
        var gateway = await _around.StartGatewayAsync();

        var arrived = await (await gateway.SendAsync(HttpMethod.Post, "/api/v1/auth/login", null, null, ("X-API-Key", Key))).MustHaveArrivedAsync();

        Assert.DoesNotContain("X-API-Key", arrived.Headers.Keys);
        Assert.Empty(_around.Answers.Exchanges);
    }

    [Fact]
    public async Task Key_IsInNoLogAndNoSpan()
    {
        using CollectedLines collected = new();
        var gateway = await _around.StartGatewayAsync(logging: logging => logging.AddProvider(collected).SetMinimumLevel(LogLevel.Trace));
        using System.Diagnostics.ActivityListener spans = new()
        {
            ShouldListenTo = static _ => true,
            Sample = static (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) =>
                System.Diagnostics.ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => collected.Lines.Enqueue(
                $"{span.DisplayName} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Events.SelectMany(one => one.Tags))}"),
        };
        System.Diagnostics.ActivitySource.AddActivityListener(spans);

        await (await UseAsync(gateway, Key)).MustHaveArrivedAsync();
        await (await UseAsync(gateway, $"{Key}-wrong")).MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_api_key");
        await _around.Identity.StopAsync();
        await (await UseAsync(gateway, $"{Key}-unknown")).MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "authentication_unavailable");

        Assert.Contains(collected.Lines, line => line.Contains("/connect/token", StringComparison.Ordinal)); // the control
        Assert.DoesNotContain(collected.Lines, line => line.Contains(Key, StringComparison.Ordinal));
        Assert.DoesNotContain(collected.Lines, line => line.Contains(IdentityEndpoints.Secret, StringComparison.Ordinal));
    }

    private static Task<HttpResponseMessage> UseAsync(GatewayHost gateway, string key) =>
        gateway.SendAsync(HttpMethod.Get, Devices, null, null, ("X-API-Key", key));
}
