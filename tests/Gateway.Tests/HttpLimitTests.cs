using System.Net;
using System.Text;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

/// <summary>The bounds of a request, with the values the gateway ships with.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class HttpLimitTests(SharedGateway shared)
{
    private readonly GatewayHost _gateway = shared.Gateway;

    [Theory]
    [InlineData(80, 200)]
    [InlineData(81, 431)]
    public Task HeaderCount_UpToEighty(int count, int status) =>
        // Host and Connection are two of them.
        MustAnswerAsync(Get("/connect/x", string.Concat(Enumerable.Range(0, count - 2).Select(number => $"X-{number}: a\r\n"))), status);

    [Theory]
    [InlineData(16 * 1024, 200)]
    [InlineData((16 * 1024) + 1, 431)]
    public Task HeaderValue_UpToSixteenKilobytes(int length, int status) =>
        MustAnswerAsync(Get("/connect/x", $"X-A: {new string('a', length)}\r\n"), status);

    [Theory]
    [InlineData(27 * 1024, 200)]
    [InlineData(29 * 1024, 431)]
    public Task Headers_UpToTwentyEightKilobytesTogether(int length, int status) =>
        MustAnswerAsync(Get("/connect/x", string.Concat(Enumerable.Range(0, 4).Select(number => $"X-{number}: {new string('a', length / 4)}\r\n"))), status);

    [Theory]
    [InlineData(8 * 1024, 200)]
    [InlineData((8 * 1024) + 1, 414)]
    public Task RequestLine_UpToEightKilobytes(int length, int status) =>
        MustAnswerAsync(Get("/connect/x?" + new string('a', length - "GET /connect/x? HTTP/1.1\r\n".Length)), status);

    [Theory]
    [InlineData("TRACE", 405)]
    [InlineData("FOO", 501)]
    [InlineData("get", 501)]
    [InlineData("PROPFIND", 501)]
    [InlineData("PURGE", 501)]
    public async Task Method_OtherThanTheUsual_IsAProblemThatNamesThem(string method, int status)
    {
        var answer = await MustAnswerAsync(Get("/connect/x").Replace("GET", method, StringComparison.Ordinal), status);

        Assert.Contains("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
    }

    [Fact]
    public Task Connect_ToAnotherHost_IsRefused() =>
        MustAnswerAsync("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nConnection: close\r\n\r\n", 405);

    [Theory]
    [InlineData("GET /connect/x HTTP/1.0\r\nHost: {host}\r\n\r\n", 200)]
    [InlineData("GET /connect/x HTTP/1.0\r\n\r\n", 400)]
    [InlineData("GET /connect/x\r\n\r\n", 505)]
    [InlineData("GET /connect/x HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /connect/x HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n", 400)]
    [InlineData("GET /connect/x HTTP/1.1\r\nHost:\r\n\r\n", 400)]
    [InlineData("GET /connect/x HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET /connect/x HTTP/1.1\r\nHost: a@b\r\n\r\n", 400)]
    [InlineData("GET /connect/x HTTP/1.1\r\nHost: a/b\r\n\r\n", 400)]
    [InlineData("GET /connect/x HTTP/1.2\r\nHost: {host}\r\n\r\n", 505)]
    [InlineData("GET /connect/x HTTP/2.0\r\nHost: {host}\r\n\r\n", 505)]
    [InlineData("GET http://{host}/connect/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", 200)]
    [InlineData("GET http://other.test/connect/x HTTP/1.1\r\nHost: {host}\r\n\r\n", 400)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", 404)]
    [InlineData("GET * HTTP/1.1\r\nHost: {host}\r\n\r\n", 405)]
    [InlineData("GET connect/x HTTP/1.1\r\nHost: {host}\r\n\r\n", 400)]
    [InlineData("POST /connect/x HTTP/1.1\r\nHost: {host}\r\nExpect: tea\r\nContent-Length: 5\r\n\r\n", 417)]
    public Task Version_HostAndFormOfTheTarget(string request, int status) => MustAnswerAsync(request, status);

    /// <summary>HTTP/2 needs TLS and its negotiation here; in clear it is refused in a way that the client understands.</summary>
    [Fact]
    public async Task Http2_InClear_IsRefused()
    {
        using var raw = await RawConnection.OpenAsync(_gateway.Address);

        var answer = await raw.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");

        // Nothing but a GOAWAY frame (type 7) with HTTP_1_1_REQUIRED (0xd), or a plain refusal.
        Assert.True(answer.EndsWith("\0\0\0\r", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal)
            || answer.StartsWith("HTTP/1.1 505", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task Upgrade_ToHttp2_IsNotPassedOn()
    {
        var path = $"/connect/{Guid.CreateVersion7():N}";
        await MustAnswerAsync(Get(path, "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n").Replace("Connection: close", "Connection: Upgrade, HTTP2-Settings, close", StringComparison.Ordinal), 200);

        var arrived = shared.Around.Identity.Arrivals.Single(one => one.Path == path);
        Assert.DoesNotContain(arrived.Headers.Keys, name => name is "Upgrade" or "HTTP2-Settings" or "Connection");
    }

    [Fact]
    public async Task Connection_ThatNamesTheGatewaysOwnHeaders_TakesNoneOff()
    {
        var path = $"/connect/{Guid.CreateVersion7():N}";
        await MustAnswerAsync(
            Get(path, "Authorization: Basic eDp5\r\n").Replace("Connection: close", "Connection: close, Authorization, X-Forwarded-For, X-Request-Id, traceparent", StringComparison.Ordinal), 200);

        var arrived = shared.Around.Identity.Arrivals.Single(one => one.Path == path);
        Assert.All((string[])["Authorization", "X-Forwarded-For", "X-Request-Id", "traceparent"], name => Assert.Contains(name, arrived.Headers.Keys, StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/connect/token", "application/x-www-form-urlencoded", 200)]
    [InlineData("/connect/token", "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8", 200)]
    [InlineData("/connect/token", "text/plain", 415)]
    [InlineData("/connect/token", "multipart/form-data; boundary=x", 415)]
    [InlineData("/api/v1/auth/login", "application/json", 200)]
    [InlineData("/api/v1/auth/login", "application/merge-patch+json", 200)]
    [InlineData("/api/v1/auth/login", "application/x-www-form-urlencoded", 415)]
    [InlineData("/api/v1/auth/login", "application/json, text/plain", 415)]
    [InlineData("/api/v1/auth/login", "application/jsonx", 415)]
    [InlineData("/api/v1/auth/login", "application/+json", 415)]
    [InlineData("/api/v1/auth/login", "", 415)]
    [InlineData("/api/v1/bundles", "application/octet-stream", 200)]
    [InlineData("/api/v1/bundles", "multipart/form-data; boundary=x", 200)]
    [InlineData("/api/v1/bundles", "text/html", 415)]
    public async Task ContentType_IsOneOfTheRoutes(string path, string type, int status)
    {
        ByteArrayContent body = new(Encoding.UTF8.GetBytes("{}"));
        if (type.Length > 0)
        {
            body.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        var answer = await _gateway.SendAsync(HttpMethod.Post, path, path.EndsWith("bundles", StringComparison.Ordinal) ? shared.Around.Issuer.User(Scopes.DevicesWrite) : null, body);

        if (status == 415)
        {
            await answer.MustBeProblemAsync(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
        }
        else
        {
            await answer.MustHaveArrivedAsync();
        }
    }

    [Fact]
    public async Task ContentType_GivenTwice_IsRefused() =>
        await MustAnswerAsync(Post("/api/v1/auth/login", "Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n", "{}"), 415);

    [Fact]
    public async Task Body_OfNoLength_NeedsNoContentType() =>
        await MustAnswerAsync(Post("/connect/x", "Content-Length: 0\r\n", ""), 200);

    [Fact]
    public async Task Continue_IsSaidWhenTheServiceReadsAndNotWhenTheRequestIsRefused()
    {
        shared.Around.Device.Answer = static context => context.Request.Body.CopyToAsync(context.Response.Body);
        try
        {
            const string Announced = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 5\r\n";
            using var allowed = await RawConnection.OpenAsync(_gateway.Address);
            await allowed.WriteAsync(Post("/api/v1/devices/enroll", Announced, ""));
            Assert.StartsWith("HTTP/1.1 100 ", await allowed.ReadAsync(), StringComparison.Ordinal);
            Assert.Contains("hello", await allowed.SendAsync("hello"), StringComparison.Ordinal);

            using var refused = await RawConnection.OpenAsync(_gateway.Address);
            await refused.WriteAsync(Post("/api/v1/devices", Announced, ""));
            Assert.StartsWith("HTTP/1.1 401 ", await refused.ReadAsync(), StringComparison.Ordinal);
        }
        finally
        {
            shared.Around.Device.Answer = null;
        }
    }

    [Fact]
    public async Task Host_ThatIsNotOurs_IsRefusedAndNeverRedirectedTo()
    {
        var gateway = await shared.Around.StartGatewayAsync(ready: false,
            changes: [("PublicHosts:Names:0", "platform.test"), ("Https:Redirect", "true"), ("ForwardedHeaders:TrustedNetworks:0", "127.0.0.0/8"), ("ForwardedHeaders:TrustedNetworks:1", "::1/128")]);

        var ours = await gateway.SendAsync(HttpMethod.Get, "/connect/x", null, null, ("Host", "platform.test"));
        Assert.Equal("https://platform.test/connect/x", ours.Headers.Location?.AbsoluteUri);
        await (await gateway.SendAsync(HttpMethod.Get, "/connect/x", null, null, ("Host", "evil.test"))).MustBeProblemAsync(HttpStatusCode.MisdirectedRequest, "unknown_host");
        await (await gateway.SendAsync(HttpMethod.Get, "/connect/x", null, null, ("Host", "platform.test"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Host", "evil.test")))
            .MustBeProblemAsync(HttpStatusCode.MisdirectedRequest, "unknown_host");
    }

    private static string Get(string target, string headers = "") => $"GET {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{headers}\r\n";

    private string Post(string target, string headers, string body) =>
        $"POST {target} HTTP/1.1\r\nHost: {_gateway.Address.Authority}\r\nConnection: close\r\n{headers}\r\n{body}";

    private async Task<string> MustAnswerAsync(string request, int status)
    {
        using var raw = await RawConnection.OpenAsync(_gateway.Address);
        var answer = await raw.SendAsync(request.Replace("{host}", _gateway.Address.Authority, StringComparison.Ordinal));
        Assert.True(answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), answer.Length > 600 ? answer[..600] : answer);
        return answer;
    }
}
