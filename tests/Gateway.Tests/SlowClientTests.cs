using System.Net;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

/// <summary>Clients that hold what they have without using it. Each test waits for the gateway to cut one off.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class SlowClientTests(SharedGateway shared) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public void Dispose() => shared.Around.Device.Answer = null;

    [Fact]
    public async Task Headers_ThatDoNotEnd_AreCutOffAndOthersAreServed()
    {
        var gateway = await StartAsync(("Server:RequestHeadersTimeoutSeconds", "1"));
        using var slow = await RawConnection.OpenAsync(gateway.Address);
        await slow.WriteAsync("GET /connect/x HTTP/1.1\r\nHost: x\r\nX-A: ");
        var cut = slow.ReadToEndAsync(Patience);

        // One byte now and then does not help.
        var dripping = Task.Run(async () =>
        {
            try
            {
                using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(100));
                while (!cut.IsCompleted && await pace.WaitForNextTickAsync())
                {
                    await slow.WriteAsync("a");
                }
            }
            catch (IOException)
            {
                // cut off
            }
        });

        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/connect/x")).StatusCode);
        Assert.StartsWith("HTTP/1.1 408 ", await cut, StringComparison.Ordinal);
        Assert.Contains("\"request_timeout\"", await cut, StringComparison.Ordinal);
        await dripping;
    }

    [Fact]
    public async Task Body_ThatComesTooSlowly_IsAnswered408AndTheServiceNeverSeesItsEnd()
    {
        TaskCompletionSource begun = new(), broken = new();
        shared.Around.Device.Answer = async context =>
        {
            begun.TrySetResult();
            try
            {
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException)
            {
                broken.SetResult();
                throw;
            }
        };
        var gateway = await StartAsync(("Limits:BodyBytesPerSecond", "1000"), ("Limits:BodyGrace", "00:00:01.500"));
        using var slow = await RawConnection.OpenAsync(gateway.Address);
        await slow.WriteAsync("POST /api/v1/devices/enroll HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{");
        await begun.Task.WaitAsync(Patience);

        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/connect/x")).StatusCode);
        Assert.StartsWith("HTTP/1.1 408 ", await slow.ReadToEndAsync(Patience), StringComparison.Ordinal);
        await broken.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Answer_ThatIsNotTaken_IsCutOffAndTheServiceIsTold()
    {
        TaskCompletionSource aborted = new();
        shared.Around.Device.Answer = async context =>
        {
            using var told = context.RequestAborted.Register(() => aborted.TrySetResult());
            var block = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
        };
        var gateway = await StartAsync(("Limits:AnswerBytesPerSecond", "1000000"), ("Limits:AnswerGrace", "00:00:01.500"));
        using var slow = await RawConnection.OpenAsync(gateway.Address);
        await slow.WriteAsync($"GET /api/v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.Around.Issuer.User(Scopes.DevicesRead)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await slow.ReadAsync(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/connect/x")).StatusCode);
        await aborted.Task.WaitAsync(Patience);
    }

    private Task<GatewayHost> StartAsync(params (string, string?)[] changes) =>
        shared.Around.StartGatewayAsync(changes: changes);
}
