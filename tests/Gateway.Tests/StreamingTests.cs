using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class StreamingTests(SharedGateway shared) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Service _service = shared.Around.Notification;

    public void Dispose() => _service.Answer = null;

    [Fact]
    public async Task EventStream_IsPassedOnEventByEvent()
    {
        var events = Channel.CreateUnbounded<string>();
        _service.Answer = async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await foreach (var one in events.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync($"data: {one}\n\n");
                await context.Response.Body.FlushAsync();
            }
        };
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/v1/notifications/stream");
        request.Headers.Authorization = new("Bearer", shared.Around.Issuer.User());
        events.Writer.TryWrite("first");
        using var answer = await shared.Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());

        // Each is there before the next one exists: a buffer on the way would hold it back.
        Assert.Equal("data: first", await reader.ReadLineAsync().WaitAsync(Patience));
        await reader.ReadLineAsync();
        events.Writer.TryWrite("second");
        Assert.Equal("data: second", await reader.ReadLineAsync().WaitAsync(Patience));
        events.Writer.Complete();
    }

    [Fact]
    public async Task WebSocket_IsPassedOnBothWays()
    {
        _service.Answer = static async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes($"echo {Encoding.UTF8.GetString(buffer, 0, received.Count)}"), WebSocketMessageType.Text, true, default);
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        };
        using ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {shared.Around.Issuer.User()}");
        using CancellationTokenSource patience = new(Patience);
        await socket.ConnectAsync(new UriBuilder(shared.Gateway.Address) { Scheme = "ws", Path = "/api/v1/notifications/live" }.Uri, patience.Token);

        foreach (var text in (string[])["one", "two"])
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, patience.Token);
            var buffer = new byte[100];
            var received = await socket.ReceiveAsync(buffer, patience.Token);
            Assert.Equal($"echo {text}", Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
    }

    [Fact]
    public async Task WebSocket_WithoutAToken_IsRefused()
    {
        using ClientWebSocket socket = new();
        using CancellationTokenSource patience = new(Patience);

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(
            new UriBuilder(shared.Gateway.Address) { Scheme = "ws", Path = "/api/v1/notifications/live" }.Uri, patience.Token));
    }

    [Fact]
    public async Task Upload_IsStreamedWhileItIsSent()
    {
        var arrived = Channel.CreateUnbounded<int>();
        shared.Around.Device.Answer = async context =>
        {
            var buffer = new byte[4096];
            while (await context.Request.Body.ReadAsync(buffer) is > 0 and var read)
            {
                arrived.Writer.TryWrite(read);
            }
        };
        try
        {
            var more = new TaskCompletionSource();
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/bundles") { Content = new GradualContent(more.Task) { Headers = { ContentType = new("application/octet-stream") } } };
            request.Headers.Authorization = new("Bearer", shared.Around.Issuer.User(Scopes.DevicesWrite));
            var sending = shared.Gateway.Client.SendAsync(request);

            // The first part is at the service while the client still holds the second back.
            await arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            more.SetResult();
            Assert.Equal(200, (int)(await sending.WaitAsync(Patience)).StatusCode);
        }
        finally
        {
            shared.Around.Device.Answer = null;
        }
    }

    private sealed class GradualContent(Task more) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(new byte[100_000]);
            await stream.FlushAsync();
            await more;
            await stream.WriteAsync(new byte[100_000]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
