using System.Net;
using System.Net.Http.Json;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class RoutingTests(SharedGateway shared)
{
    private readonly GatewayHost _gateway = shared.Gateway;
    private readonly Issuer _issuer = shared.Around.Issuer;

    [Theory]
    [InlineData("/api/v1/auth/me", "identity", Scopes.IdentitySelf)]
    [InlineData("/api/v1/admin/users", "identity", Scopes.IdentityAdmin)]
    [InlineData("/api/v1/audit/logs?limit=2", "audit", Scopes.AuditRead)]
    [InlineData("/api/v1/audit/me", "audit", Scopes.IdentitySelf)]
    [InlineData("/api/v1/notifications", "notification", Scopes.IdentitySelf)]
    [InlineData("/api/v1/devices/7/telemetry", "device", Scopes.DevicesRead)]
    public async Task Get_OfARoutedPath_ReachesItsServiceUnchanged(string path, string service, string scope)
    {
        var arrived = await (await _gateway.GetAsync(path, _issuer.User(scope))).MustHaveArrivedAsync();

        Assert.Equal(service, arrived.Service);
        Assert.Equal(path, arrived.Path + arrived.Query);
    }

    [Theory]
    [InlineData("/api/v1/auth/login", "identity")]
    [InlineData("/api/v1/auth/register", "identity")]
    [InlineData("/api/v1/auth/refresh", "identity")]
    [InlineData("/connect/token", "identity")]
    [InlineData("/api/v1/devices/enroll", "device")]
    public async Task Post_OfAnAnonymousRoute_PassesWithoutToken(string path, string service)
    {
        var arrived = await (await _gateway.SendAsync(HttpMethod.Post, path, content: JsonContent.Create(new { }))).MustHaveArrivedAsync();

        Assert.Equal(service, arrived.Service);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/api/v1/unknown")]
    [InlineData("/api/v1/admin/other")]
    [InlineData("/ready")]
    [InlineData("/metrics")]
    [InlineData("/")]
    public async Task Get_OfAnUnknownPath_IsProblem404EvenWithABadToken(string path) =>
        await (await _gateway.GetAsync(path, "nonsense")).MustBeProblemAsync(HttpStatusCode.NotFound, "route_not_found");

    [Fact]
    public async Task Delete_OfAReadOnlyPath_IsProblem405()
    {
        var answer = await _gateway.SendAsync(HttpMethod.Delete, "/.well-known/jwks.json");

        await answer.MustBeProblemAsync(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Fact]
    public async Task Post_AnnouncingTooLargeABody_IsProblem413AndNeverReachesTheService()
    {
        var before = shared.Around.Device.Arrivals.Count;

        // The answer comes before the body is sent, so the client must wait for leave to send.
        using HttpRequestMessage announced = new(HttpMethod.Post, "/api/v1/devices") { Content = new ByteArrayContent(new byte[(10 << 20) + 1]) { Headers = { ContentType = new("application/json") } } };
        announced.Headers.Authorization = new("Bearer", _issuer.User(Scopes.DevicesWrite));
        announced.Headers.ExpectContinue = true;
        await (await _gateway.Client.SendAsync(announced)).MustBeProblemAsync(HttpStatusCode.RequestEntityTooLarge, "body_too_large");

        Assert.Equal(before, shared.Around.Device.Arrivals.Count);
    }

    [Fact]
    public async Task Post_OfTooLargeABodyInChunks_IsProblem413()
    {
        // Small enough that all of it is sent before the connection is closed.
        var gateway = await shared.Around.StartGatewayAsync(changes: [("Server:MaxRequestBodyBytes", "4096")]);
        shared.Around.Device.Answer = static context => context.Request.Body.CopyToAsync(Stream.Null);
        try
        {
            using HttpRequestMessage chunked = new(HttpMethod.Post, "/api/v1/devices") { Content = new ByteArrayContent(new byte[5000]) { Headers = { ContentType = new("application/json") } } };
            chunked.Headers.TransferEncodingChunked = true;
            chunked.Headers.Authorization = new("Bearer", _issuer.User(Scopes.DevicesWrite));
            await (await gateway.Client.SendAsync(chunked)).MustBeProblemAsync(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        }
        finally
        {
            shared.Around.Device.Answer = null;
        }
    }
}
