using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Telemetry;

public sealed class ServerSpanTests : IAsyncLifetime
{
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly SpanCollector _spans = new();
    private RunningService _service = null!;

    public async ValueTask InitializeAsync() => _service = await RunningService.StartAsync(map: static app =>
    {
        app.MapGet("/things/{id}", static (string id, HttpContext context) =>
        {
            context.User = new ClaimsPrincipal(new ClaimsIdentity(
                [new Claim("sub", "user-1"), new Claim("tid", "tenant-1"), new Claim("sid", "session-1")], "test"));
            return id;
        });
        app.MapGet("/fail", static string () => throw new InvalidOperationException());
        app.MapGet("/missing", static () => Results.NotFound());
    });

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _spans.Dispose();
    }

    [Fact]
    public async Task Get_MatchedRoute_FollowsTheConventions()
    {
        Activity span = await GetAsync("/things/7?code=hunter2");
        Assert.Equal("GET /things/{id}", span.DisplayName);
        Assert.Equal(ActivityKind.Server, span.Kind);
        Assert.Equal("GET", span.GetTagItem("http.request.method"));
        Assert.Equal("/things/{id}", span.GetTagItem("http.route"));
        Assert.Equal("/things/7", span.GetTagItem("url.path"));
        Assert.Equal("http", span.GetTagItem("url.scheme"));
        Assert.Equal("127.0.0.1", span.GetTagItem("server.address"));
        Assert.Equal(_service.Public.BaseAddress!.Port, span.GetTagItem("server.port"));
        Assert.Equal("127.0.0.1", span.GetTagItem("client.address"));
        Assert.Equal("tests/1.0", span.GetTagItem("user_agent.original"));
        Assert.Equal(200, span.GetTagItem("http.response.status_code"));
        Assert.Equal("1.1", span.GetTagItem("network.protocol.version"));
        Assert.Equal("user-1", span.GetTagItem("enduser.id"));
        Assert.Equal("tenant-1", span.GetTagItem("platform.tenant.id"));
        Assert.Equal("session-1", span.GetTagItem("session.id"));
        Assert.Null(span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.DoesNotContain(span.TagObjects, static tag => $"{tag.Value}".Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_UnexpectedFailure_IsAnErrorOfThatType()
    {
        Activity span = await GetAsync("/fail");
        Assert.Equal("GET /fail", span.DisplayName);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(500, span.GetTagItem("http.response.status_code"));
        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
    }

    [Fact]
    public async Task Get_ClientError_IsNoErrorOfTheServer()
    {
        Activity span = await GetAsync("/missing");
        Assert.Equal(404, span.GetTagItem("http.response.status_code"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task Get_UnmatchedPath_IsNamedByMethodAlone()
    {
        Activity span = await GetAsync("/nowhere/123");
        Assert.Equal("GET", span.DisplayName);
        Assert.Null(span.GetTagItem("http.route"));
    }

    [Fact]
    public async Task Get_ManagementPort_IsNotRecorded()
    {
        Activity span = await GetAsync("/live", _service.Management);
        Assert.False(span.Recorded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Get_WithBaggage_IsTakenUnlessDropped(bool drop)
    {
        string? seen = null;
        await using RunningService service = await RunningService.StartAsync(
            map: app => app.MapGet("/", () => { seen = Activity.Current?.GetBaggageItem("colour") ?? "none"; }),
            settings: [new("Telemetry:DropInboundBaggage", $"{drop}")]);
        using HttpRequestMessage request = new(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", $"00-{_trace}-b7ad6b7169203331-01");
        request.Headers.Add("baggage", "colour=blue");
        await service.Public.SendAsync(request);
        Assert.Equal(drop ? "none" : "blue", seen);
    }

    private async Task<Activity> GetAsync(string path, HttpClient? client = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Add("traceparent", $"00-{_trace}-b7ad6b7169203331-01");
        request.Headers.Add("User-Agent", "tests/1.0");
        await (client ?? _service.Public).SendAsync(request);
        return await _spans.FindAsync(span => span.TraceId == _trace && span.Kind == ActivityKind.Server);
    }
}
