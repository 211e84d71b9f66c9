using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Revocation;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using Xunit.Sdk;

namespace Gateway.Tests;

public sealed class CuttingStreamsTests(PlatformServers servers) : IAsyncLifetime
{
    // The promise is one second; the rest is patience with a busy machine.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Surroundings _around = null!;

    public async ValueTask InitializeAsync()
    {
        _around = await Surroundings.StartAsync(servers);
        _around.Notification.Answer = ServeAsync;
    }

    public async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        await _around.DisposeAsync();
    }

    [Theory]
    [InlineData(RevocationKind.Token, "jti")]
    [InlineData(RevocationKind.Session, "sid")]
    [InlineData(RevocationKind.Subject, "sub")]
    [InlineData(RevocationKind.Tenant, "tid")]
    public async Task Revoked_WhileItStreams_IsCutAndOthersGoOn(RevocationKind kind, string claim)
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue("one-client");
        var (other, _) = Issue("other-client");
        using var events = await EventStream.OpenAsync(gateway, token);
        using var othersEvents = await EventStream.OpenAsync(gateway, other);
        using var socket = await ConnectAsync(gateway, token);
        using var othersSocket = await ConnectAsync(gateway, other);

        var began = TimeProvider.System.GetTimestamp();
        await _around.Revocations.RevokeAsync(kind, (string)claims[claim]!);
        await events.MustEndAsync();
        await MustBreakAsync(socket);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, Soon);

        await othersEvents.MustGoOnAsync();
        await MustEchoAsync(othersSocket);
        Assert.Equal(2, gateway.Services.GetRequiredService<OpenRequests>().Count);
    }

    [Fact]
    public async Task Revoked_WhileItUploadsOrWaits_IsCut()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        var waiting = gateway.GetAsync("/api/v1/notifications/wait", token);
        await Eventually.Async(() => !_around.Notification.Arrivals.IsEmpty, Soon, "nothing arrived");

        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => waiting.WaitAsync(2 * Soon));
    }

    [Fact]
    public async Task Request_ThatEndsItsOwnSession_IsAnswered()
    {
        var gateway = await _around.StartGatewayAsync();
        var (token, claims) = Issue();
        _around.Notification.Answer = async context =>
        {
            if (context.Request.Path == "/api/v1/notifications/end")
            {
                // As a logout: it answers only when the gateways refuse the session, some looks at open requests later.
                await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);
                await Eventually.Async(
                    async () => (await gateway.GetAsync("/api/v1/notifications/other", token)).StatusCode == System.Net.HttpStatusCode.Unauthorized, Soon);
                using PeriodicTimer looks = new(TimeSpan.FromMilliseconds(400));
                await looks.WaitForNextTickAsync(context.RequestAborted);
            }

            await context.Response.WriteAsync("ended");
        };

        var answer = await gateway.SendAsync(HttpMethod.Post, "/api/v1/notifications/end", token);

        Assert.Equal("ended", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Expired_ByMoreThanTheGrace_IsCutAndOthersGoOn()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Revocation:StreamGrace", "00:00:01"), ("Authentication:ClockSkew", "00:00:01")]);
        var (other, _) = Issue();
        using var othersEvents = await EventStream.OpenAsync(gateway, other);
        var (events, end) = await OpenEndingAsync(gateway);
        using var ending = events;

        await events.MustEndAsync();

        var endedAt = TimeProvider.System.GetUtcNow();
        Assert.True(endedAt >= end.AddSeconds(2), "cut before the grace was over");
        await othersEvents.MustGoOnAsync();
    }

    [Fact]
    public async Task Revocations_NotHeardOfForTooLong_CutWhatCannotBeJudgedAnyMore()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Revocation:UnknownAfter", "00:00:02")]);
        var (token, _) = Issue();
        using var events = await EventStream.OpenAsync(gateway, token);
        await _around.Revocations.PauseAsync();

        await events.MustEndAsync();
        Assert.Equal(RevocationState.Unknown, gateway.State);
    }

    [Fact]
    public async Task ManyStreams_OfOneSession_AreCutAllAndNothingIsLeftBehind()
    {
        var gateway = await _around.StartGatewayAsync();
        var open = gateway.Services.GetRequiredService<OpenRequests>();
        var (token, claims) = Issue();
        var (other, _) = Issue();
        var streams = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => EventStream.OpenAsync(gateway, number % 2 == 0 ? token : other)));
        Assert.Equal(40, open.Count);

        await _around.Revocations.RevokeAsync(RevocationKind.Session, (string)claims["sid"]!);

        await Task.WhenAll(streams.Where((_, number) => number % 2 == 0).Select(stream => stream.MustEndAsync()));
        await Task.WhenAll(streams.Where((_, number) => number % 2 == 1).Select(stream => stream.MustGoOnAsync()));
        Assert.Equal(20, open.Count);
        foreach (var stream in streams)
        {
            stream.Dispose();
        }

        await Eventually.Async(() => open.Count == 0, Soon, "requests that ended stayed entered");
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (context.Request.Path == "/api/v1/notifications/wait")
        {
            await _over.Task.WaitAsync(context.RequestAborted);
        }
        else if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            {
                await socket.SendAsync(buffer.AsMemory(0, received.Count), WebSocketMessageType.Text, true, context.RequestAborted);
            }
        }
        else
        {
            context.Response.ContentType = "text/event-stream";
            using PeriodicTimer rhythm = new(TimeSpan.FromMilliseconds(20));
            do
            {
                await context.Response.WriteAsync("data: event\n\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
            while (await rhythm.WaitForNextTickAsync(context.RequestAborted));
        }
    }

    private (string Token, JsonObject Claims) Issue(string client = "platform-web", Action<JsonObject>? change = null)
    {
        var claims = Issuer.Claims(Scopes.IdentitySelf);
        claims["client_id"] = client;
        change?.Invoke(claims);
        return (_around.Issuer.Sign(claims.DeepClone().AsObject(), "first"), claims);
    }

    private static async Task<ClientWebSocket> ConnectAsync(GatewayHost gateway, string token)
    {
        ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        using CancellationTokenSource patience = new(Soon);
        await socket.ConnectAsync(new UriBuilder(gateway.Address) { Scheme = "ws", Path = "/api/v1/notifications/live" }.Uri, patience.Token);
        await MustEchoAsync(socket);
        return socket;
    }

    // With a token that ends soon, but not before its stream is open: on a busy machine that takes its time.
    private async Task<(EventStream Events, DateTimeOffset End)> OpenEndingAsync(GatewayHost gateway)
    {
        for (var seconds = 1; ; seconds *= 2)
        {
            var end = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + seconds;
            var (token, _) = Issue(change: claims => claims["exp"] = end);
            try
            {
                return (await EventStream.OpenAsync(gateway, token), DateTimeOffset.FromUnixTimeSeconds(end));
            }
            catch (Exception fault) when (fault is IOException or XunitException && seconds < 32)
            {
                // Cut before it was open.
            }
        }
    }

    private static async Task MustEchoAsync(ClientWebSocket socket)
    {
        using CancellationTokenSource patience = new(Soon);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, patience.Token);
        var buffer = new byte[100];
        var received = await socket.ReceiveAsync(buffer, patience.Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    private static Task MustBreakAsync(ClientWebSocket socket) =>
        Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[100], CancellationToken.None).WaitAsync(Soon));
}
