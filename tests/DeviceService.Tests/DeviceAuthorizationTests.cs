using System.Buffers.Text;
using System.Net;
using System.Text.Json.Nodes;
using DeviceService.Tests.Support;
using ServiceDefaults.Authentication;

namespace DeviceService.Tests;

/// <summary>By request, on every route: what metadata promises must be enforced.</summary>
public sealed class DeviceAuthorizationTests(DeviceApi api)
{
    private static readonly Guid Foreign = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    /// <summary>Every route but the anonymous one, with the scopes that let a caller in.</summary>
    public static TheoryData<string, string, string[]> Routes => new()
    {
        { "POST", "/api/v1/devices/enrollment-tokens", [Scopes.DevicesWrite] },
        { "GET", "/api/v1/devices/enrollment-tokens", [Scopes.DevicesWrite] },
        { "GET", "/api/v1/devices/enrollment-tokens/{id}", [Scopes.DevicesWrite] },
        { "DELETE", "/api/v1/devices/enrollment-tokens/{id}", [Scopes.DevicesWrite] },
        { "GET", "/api/v1/devices", [Scopes.DevicesRead] },
        { "GET", "/api/v1/devices/{id}", [Scopes.DevicesRead, Scopes.DevicesSelf] },
        { "PUT", "/api/v1/devices/{id}", [Scopes.DevicesWrite] },
        { "DELETE", "/api/v1/devices/{id}", [Scopes.DevicesWrite] },
        { "POST", "/api/v1/devices/{id}/approve", [Scopes.DevicesWrite] },
        { "POST", "/api/v1/devices/{id}/reject", [Scopes.DevicesWrite] },
        { "POST", "/api/v1/devices/{id}/keys", [Scopes.DevicesSelf] },
        { "POST", "/api/v1/devices/{id}/heartbeat", [Scopes.DevicesSelf] },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_WithoutToken_IsUnauthenticated(string method, string route, string[] scopes)
    {
        Assert.NotEmpty(scopes);
        var response = await SendAsync(method, route, null);
        Assert.Equal("unauthenticated", await response.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.StartsWith("Bearer", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_WithEveryOtherScope_IsForbidden(string method, string route, string[] scopes)
    {
        string[] others =
        [
            .. new[]
            {
                Scopes.DevicesRead, Scopes.DevicesWrite, Scopes.DevicesSelf, Scopes.AuditRead, Scopes.AuditAdmin,
                Scopes.IdentitySelf, Scopes.IdentityAdmin, Scopes.NotificationsRead, Scopes.NotificationsAdmin,
            }.Except(scopes),
        ];
        var response = await SendAsync(method, route, api.Person(DeviceApi.NewTenant(), others));
        Assert.Equal("insufficient_scope", await response.ProblemAsync(HttpStatusCode.Forbidden));
    }

    [Theory]
    [InlineData("alg-none")]
    [InlineData("expired")]
    [InlineData("issuer")]
    [InlineData("audience")]
    public async Task Call_WithBadToken_IsUnauthenticated(string fault)
    {
        string Token(string? claim = null, JsonNode? value = null) => api.Tokens.User(
            Foreign, DeviceApi.NewTenant(), [Scopes.DevicesRead], claims => claims[claim ?? "name"] = value ?? "somebody");
        var good = Token();
        var token = fault switch
        {
            "alg-none" => $"{Base64Url.EncodeToString("""{"alg":"none","typ":"at+jwt"}"""u8)}.{good.Split('.')[1]}.",
            "expired" => Token("exp", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60),
            "issuer" => Token("iss", "https://elsewhere.test"),
            _ => Token("aud", "elsewhere"),
        };

        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", "/api/v1/devices", good)).StatusCode);
        Assert.Equal("invalid_token", await (await SendAsync("GET", "/api/v1/devices", token)).ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Call_FromAnotherTenant_FindsNothingAndChangesNothing()
    {
        var owner = DeviceApi.NewTenant();
        var device = await api.EnrollAsync(owner);
        var pending = await api.EnrollAsync(owner, wish: new { requiresApproval = true });
        var (enrollmentToken, text) = await api.TokenAsync(owner);
        var stranger = api.Operator(DeviceApi.NewTenant());

        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/{device}", stranger)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Put, $"/api/v1/devices/{device}", stranger, new { name = "mine" }, "*")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Delete, $"/api/v1/devices/{device}", stranger)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{pending}/approve", stranger)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{pending}/reject", stranger)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/enrollment-tokens/{enrollmentToken}", stranger)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Delete, $"/api/v1/devices/enrollment-tokens/{enrollmentToken}", stranger)).StatusCode);
        foreach (var list in (string[])["/api/v1/devices", "/api/v1/devices/enrollment-tokens"])
        {
            var page = await (await api.SendAsync(HttpMethod.Get, list, stranger)).BodyAsync(HttpStatusCode.OK);
            Assert.Equal(0, page.GetProperty("items").GetArrayLength());
        }

        // The id of the device in a token of another tenant is another device.
        Assert.Equal(HttpStatusCode.NotFound, (await api.BeatAsync(DeviceApi.NewTenant(), device)).StatusCode);
        var next = TestDevice.WithEcKey();
        var rotate = await api.SendAsync(
            HttpMethod.Post, $"/api/v1/devices/{device}/keys", api.Device(DeviceApi.NewTenant(), device),
            new { publicKey = next.Jwk(), proof = next.Sign(TestDevice.RotateClaims(device), "rotate+jwt") });
        Assert.Equal(HttpStatusCode.NotFound, rotate.StatusCode);

        Assert.Equal("sensor", (await api.GetAsync(owner, device)).Text("name"));
        Assert.Equal("unknown", (await api.GetAsync(owner, device)).GetProperty("connectivity").Text("state"));
        Assert.Equal("pendingApproval", (await api.GetAsync(owner, pending)).Text("status"));
        var enrol = await api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: TestDevice.WithEcKey().Enrolment(text));
        Assert.Equal(owner, (await enrol.BodyAsync(HttpStatusCode.Created)).GetProperty("tenantId").GetGuid());
    }

    [Fact]
    public async Task Call_ByPlatformAdministrator_SeesEveryTenant()
    {
        var tenant = DeviceApi.NewTenant();
        var device = await api.EnrollAsync(tenant);
        var platform = api.Person(DeviceApi.NewTenant(), Scopes.DevicesRead, Scopes.Platform);

        var body = await (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/{device}", platform)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal(tenant, body.GetProperty("tenantId").GetGuid());
    }

    [Fact]
    public async Task Call_ByADevice_ReachesItselfAlone()
    {
        var tenant = DeviceApi.NewTenant();
        var device = await api.EnrollAsync(tenant);
        var other = await api.EnrollAsync(tenant);
        var token = api.Device(tenant, device);

        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/{device}", token)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/{other}", token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{device}/heartbeat", token)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{other}/heartbeat", token)).StatusCode);
    }

    private Task<HttpResponseMessage> SendAsync(string method, string route, string? token) => api.SendAsync(
        new HttpMethod(method), route.Replace("{id}", Foreign.ToString(), StringComparison.Ordinal), token, method is "POST" or "PUT" ? new { } : null);
}
