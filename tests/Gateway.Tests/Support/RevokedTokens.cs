using System.Net;
using System.Text.Json.Nodes;
using Platform.Testing;
using ServiceDefaults.Authentication;

namespace Gateway.Tests.Support;

/// <summary>Tokens to be revoked, and what is seen of it at a gateway.</summary>
internal static class RevokedTokens
{
    private const string Me = "/api/v1/auth/me";

    // The promise is one second; the rest is patience with a busy machine.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    public static (string Token, JsonObject Claims) Issue(this Surroundings around, string client = "platform-web", Action<JsonObject>? change = null)
    {
        var claims = Issuer.Claims(Scopes.IdentitySelf);
        claims["client_id"] = client;
        change?.Invoke(claims);
        return (around.Issuer.Sign(claims.DeepClone().AsObject(), "first"), claims);
    }

    public static async Task MustBecomeRevokedAsync(this GatewayHost gateway, string token)
    {
        await Eventually.Async(async () => (await gateway.GetAsync(Me, token)).StatusCode == HttpStatusCode.Unauthorized, Soon, "the revoked token stayed good");
        await gateway.MustBeRevokedAsync(token);
    }

    public static async Task MustBeRevokedAsync(this GatewayHost gateway, string token)
    {
        var problem = await (await gateway.GetAsync(Me, token)).MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Equal("The access token was revoked.", problem.GetProperty("detail").GetString());
    }
}
