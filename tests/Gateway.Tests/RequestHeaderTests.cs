using Gateway.Tests.Support;
using Platform.Testing;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class RequestHeaderTests(SharedGateway shared, PlatformServers servers)
{
    private const string Me = "/api/v1/auth/me";

    private readonly GatewayHost _gateway = shared.Gateway;
    private readonly Issuer _issuer = shared.Around.Issuer;

    [Theory]
    [InlineData("X-User-Id")]
    [InlineData("X_User_Id")]
    [InlineData("x-tenant-id")]
    [InlineData("X-Platform-Role")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Rewrite-URL")]
    [InlineData("X-Real-IP")]
    [InlineData("Forwarded")]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-Forwarded-User")]
    [InlineData("baggage")]
    public async Task Header_ThatTellsWhoCalls_IsNotPassedOn(string name)
    {
        var answer = await _gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null, (name, "spoofed"), ("X-Custom", "kept"));

        var arrived = await answer.MustHaveArrivedAsync();
        Assert.DoesNotContain("spoofed", arrived.Headers.Values);
        Assert.Equal("kept", arrived.Headers["X-Custom"]);
    }

    [Fact]
    public async Task ForwardedHeaders_OfAStranger_AreReplacedByTheRealPeer()
    {
        var answer = await _gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null,
            ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.test"));

        var arrived = await answer.MustHaveArrivedAsync();
        Assert.Equal("127.0.0.1", arrived.Headers["X-Forwarded-For"].Replace("::ffff:", "", StringComparison.Ordinal));
        Assert.Equal("http", arrived.Headers["X-Forwarded-Proto"]);
        Assert.Equal(_gateway.Address.Authority, arrived.Headers["X-Forwarded-Host"]);
    }

    [Fact]
    public async Task ForwardedHeaders_OfATrustedProxy_GiveTheClientAndTheScheme()
    {
        var gateway = await shared.Around.StartGatewayAsync(changes: [("ForwardedHeaders:TrustedNetworks:0", "127.0.0.0/8"), ("ForwardedHeaders:TrustedNetworks:1", "::1/128")]);

        // What the client itself wrote stands left of what the proxy added, and is not believed.
        var answer = await gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null,
            ("X-Forwarded-For", "10.9.9.9, 203.0.113.9"), ("X-Forwarded-Proto", "https"));

        var arrived = await answer.MustHaveArrivedAsync();
        Assert.Equal("203.0.113.9", arrived.Headers["X-Forwarded-For"]);
        Assert.Equal("https", arrived.Headers["X-Forwarded-Proto"]);
        Assert.Equal("max-age=63072000; includeSubDomains", answer.Headers.GetValues("Strict-Transport-Security").Single());
    }

    [Fact]
    public async Task RequestId_WhenGivenOrNot_IsPassedOnAndReturned()
    {
        var given = await _gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null, ("X-Request-Id", "my-request.1"));
        Assert.Equal("my-request.1", given.Headers.GetValues("X-Request-Id").Single());
        Assert.Equal("my-request.1", (await given.MustHaveArrivedAsync()).Headers["X-Request-Id"]);

        var made = await _gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null, ("X-Request-Id", "bad id <script>"));
        var id = made.Headers.GetValues("X-Request-Id").Single();
        Assert.True(Guid.TryParse(id, out _));
        Assert.Equal(id, (await made.MustHaveArrivedAsync()).Headers["X-Request-Id"]);
    }

    [Fact]
    public async Task Header_BeyondAscii_GoesThroughBothWaysAsItCame()
    {
        const string Grin = "\xf0\x9f\x98\x80"; // its UTF-8
        var path = $"/connect/{Guid.CreateVersion7():N}";
        var before = shared.Around.Identity.Answer;
        shared.Around.Identity.Answer = static context =>
        {
            context.Response.Headers.ETag = "\"grün\"";
            return Task.CompletedTask;
        };
        try
        {
            using var raw = await RawConnection.OpenAsync(_gateway.Address);
            var answer = await raw.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {Grin}\r\nConnection: close\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
            Assert.Contains("ETag: \"gr\xc3\xbcn\"", answer, StringComparison.Ordinal);
            Assert.Equal("\ud83d\ude00", shared.Around.Identity.Arrivals.Single(one => one.Path == path).Headers["User-Agent"]);
        }
        finally
        {
            shared.Around.Identity.Answer = before;
        }
    }

    [Fact]
    public async Task TraceContext_OfTheClient_GoesOnToTheService()
    {
        var answer = await _gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null,
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

        var parent = (await answer.MustHaveArrivedAsync()).Headers["traceparent"];
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", parent, StringComparison.Ordinal);
        Assert.DoesNotContain("b7ad6b7169203331", parent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("01")]
    public async Task TraceFlags_OfTheClient_DoNotDecideWhetherATraceIsRecorded(string flags)
    {
        // Somewhere to export to, or nothing is recorded at all; nobody has to listen there.
        var gateway = await shared.Around.StartGatewayAsync(changes: [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]);

        var answer = await gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null,
            ("traceparent", $"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"));

        var parent = (await answer.MustHaveArrivedAsync()).Headers["traceparent"];
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", parent, StringComparison.Ordinal);
        Assert.EndsWith("-01", parent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_WhenOn_SendsPlainHttpToHttpsAndLeavesATrustedProxysAlone()
    {
        await using var around = await Surroundings.StartAsync(servers);
        var gateway = await around.StartGatewayAsync(changes: [("Https:Redirect", "true"), ("ForwardedHeaders:TrustedNetworks:0", "127.0.0.0/8"), ("ForwardedHeaders:TrustedNetworks:1", "::1/128")]);

        var plain = await gateway.GetAsync("/api/v1/auth/me?x=1");
        Assert.Equal(301, (int)plain.StatusCode);
        Assert.Equal($"https://{gateway.Address.Host}/api/v1/auth/me?x=1", plain.Headers.Location!.AbsoluteUri);

        var secure = await gateway.SendAsync(HttpMethod.Get, Me, around.Issuer.User(), null, ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9"));
        Assert.Equal(200, (int)secure.StatusCode);
    }
}
