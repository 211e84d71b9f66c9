using System.Net;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class CorsTests(SharedGateway shared)
{
    private const string Me = "/api/v1/auth/me";
    private const string Console = "https://console.example.com";

    [Fact]
    public async Task Origin_WhenNoneIsConfigured_IsNotLetIn()
    {
        var answer = await shared.Gateway.SendAsync(HttpMethod.Get, Me, shared.Around.Issuer.User(), null, ("Origin", Console));

        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Origin_ThatIsConfigured_IsLetInAndAnotherIsNot()
    {
        var gateway = await shared.Around.StartGatewayAsync(changes: [("Cors:Origins:0", Console)]);

        var preflight = await gateway.SendAsync(HttpMethod.Options, Me, null, null,
            ("Origin", Console), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization"));
        Assert.Equal(204, (int)preflight.StatusCode);
        Assert.Equal(Console, preflight.Headers.GetValues("Access-Control-Allow-Origin").Single());
        var refused = await gateway.SendAsync(HttpMethod.Get, Me, null, null, ("Origin", Console));
        Assert.Equal(Console, refused.Headers.GetValues("Access-Control-Allow-Origin").Single());
        var other = await gateway.SendAsync(HttpMethod.Get, Me, shared.Around.Issuer.User(), null, ("Origin", "https://evil.example.com"));
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task RouteWithAPolicyOfItsOwn_WithoutOrigin_IsServed()
    {
        var gateway = await shared.Around.StartGatewayAsync(changes: [("ReverseProxy:Routes:devices-read:CorsPolicy", "Default")]);

        var answer = await gateway.GetAsync("/api/v1/devices", shared.Around.Issuer.User(Scopes.DevicesRead));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
