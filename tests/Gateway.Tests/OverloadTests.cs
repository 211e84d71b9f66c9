using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class OverloadTests(SharedGateway shared) : IDisposable
{
    private const string Held = "/api/v1/notifications/held";
    private const string Stream = "/api/v1/notifications/stream";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _arrived = new(0);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _release.TrySetResult();
        shared.Around.Notification.Answer = null;
        _arrived.Dispose();
    }

    [Fact]
    public async Task Requests_BeyondTheBound_AreRefusedAtOnceAndOthersAreServedToTheEnd()
    {
        var management = FreePort();
        var gateway = await StartAsync(("Overload:Requests", "2"), ("Management:Port", $"{management}"));
        var held = new[] { gateway.GetAsync(Held, Token), gateway.GetAsync(Held, Token) };
        await ArrivedAsync(2);

        // The held ones end only when this test lets them: the answers below did not wait.
        for (var count = 0; count < 20; count++)
        {
            var refused = await gateway.GetAsync("/api/v1/notifications", Token).WaitAsync(Patience);
            await refused.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "overloaded");
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Equal("nosniff", refused.Headers.GetValues("X-Content-Type-Options").Single());
        }

        using HttpClient probes = new();
        Assert.Equal(HttpStatusCode.OK, (await probes.GetAsync($"http://127.0.0.1:{management}/live").WaitAsync(Patience)).StatusCode);
        Assert.Contains("platform_gateway_requests_in_flight", await probes.GetStringAsync($"http://127.0.0.1:{management}/metrics").WaitAsync(Patience), StringComparison.Ordinal);

        _release.SetResult();
        Assert.All(await Task.WhenAll(held).WaitAsync(Patience), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        for (var count = 0; count < 20; count++)
        {
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/notifications", Token)).StatusCode);
        }
    }

    [Fact]
    public async Task RequestsToAHangingService_BeyondItsBound_AreRefusedAndOtherServicesServed()
    {
        var gateway = await StartAsync(("Overload:RequestsPerService", "2"));
        using var stream = await OpenStreamAsync(gateway, announce: true);
        using var found = await OpenStreamAsync(gateway, announce: false);
        var held = new[] { gateway.GetAsync(Held, Token), gateway.GetAsync(Held, Token) };
        await ArrivedAsync(2); // with two streams open beside them, which take none of the two places

        var refused = await gateway.GetAsync("/api/v1/notifications", Token).WaitAsync(Patience);
        await refused.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "service_overloaded");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/devices", shared.Around.Issuer.User(Scopes.DevicesRead)).WaitAsync(Patience)).StatusCode);

        _release.SetResult();
        Assert.All(await Task.WhenAll(held).WaitAsync(Patience), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        for (var count = 0; count < 5; count++)
        {
            // One by one: a place is given back when an answer has been sent, which its client may know first.
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/notifications", Token)).StatusCode);
        }
    }

    [Fact]
    public async Task Streams_HaveABoundOfTheirOwn()
    {
        var gateway = await StartAsync(("Overload:Requests", "1"), ("Overload:Streams", "2"));

        // One that says so, and one that turns out to be one.
        using var announced = await OpenStreamAsync(gateway, announce: true);
        using var found = await OpenStreamAsync(gateway, announce: false);
        Assert.Equal(HttpStatusCode.OK, announced.StatusCode);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);

        // They do not take the requests' only place.
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/notifications", Token)).StatusCode);

        using var third = await OpenStreamAsync(gateway, announce: true);
        await third.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "overloaded");
        using var fourth = await OpenStreamAsync(gateway, announce: false);
        await fourth.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "overloaded");

        // Nor the other way round.
        announced.Dispose();
        await Platform.Testing.Eventually.Async(async () =>
        {
            using var next = await OpenStreamAsync(gateway, announce: true);
            return next.StatusCode == HttpStatusCode.OK;
        }, Patience, "the place was not given back");
        var held = gateway.GetAsync(Held, Token);
        await ArrivedAsync(1);
        await (await gateway.GetAsync("/api/v1/notifications", Token)).MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "overloaded");
        _release.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await held).StatusCode);
    }

    [Fact]
    public async Task Connections_BeyondTheBound_AreClosedAndTheManagementPortStaysReachable()
    {
        var management = FreePort();
        var gateway = await StartAsync(("Server:MaxConnections", "16"), ("Management:Port", $"{management}"));
        List<RawConnection> open = [];
        for (var count = 0; count < 16; count++)
        {
            var raw = await RawConnection.OpenAsync(gateway.Address);
            open.Add(raw);
            if (!await IsServedAsync(raw))
            {
                break; // the client that found out when the gateway was ready may hold one
            }
        }

        Assert.True(open.Count > 8, "far fewer were taken than the bound allows");
        using var beyond = await RawConnection.OpenAsync(gateway.Address);
        Assert.Equal("", await beyond.ReadAsync());
        using HttpClient probes = new();
        Assert.Equal(HttpStatusCode.OK, (await probes.GetAsync($"http://127.0.0.1:{management}/live").WaitAsync(Patience)).StatusCode);

        open.ForEach(raw => raw.Dispose());
        await Platform.Testing.Eventually.Async(async () =>
        {
            using var again = await RawConnection.OpenAsync(gateway.Address);
            return (await again.SendAsync("GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).StartsWith("HTTP/1.1 404", StringComparison.Ordinal);
        }, Patience, "connections were not taken again");
    }

    private static async Task<bool> IsServedAsync(RawConnection connection)
    {
        try
        {
            await connection.WriteAsync("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
            return (await connection.ReadAsync()).Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Token => shared.Around.Issuer.User(Scopes.IdentitySelf);

    private async Task<GatewayHost> StartAsync(params (string, string?)[] changes)
    {
        shared.Around.Notification.Answer = async context =>
        {
            if (context.Request.Path == Stream)
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.Body.FlushAsync();
                await Hanging.UntilAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else if (context.Request.Path == Held)
            {
                _arrived.Release();
                await _release.Task;
            }
        };
        return await shared.Around.StartGatewayAsync(changes: changes);
    }

    private async Task<HttpResponseMessage> OpenStreamAsync(GatewayHost gateway, bool announce)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Stream);
        request.Headers.Authorization = new("Bearer", Token);
        if (announce)
        {
            request.Headers.Accept.ParseAdd("text/event-stream");
        }

        return await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
    }

    private async Task ArrivedAsync(int count)
    {
        for (var one = 0; one < count; one++)
        {
            Assert.True(await _arrived.WaitAsync(Patience));
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
