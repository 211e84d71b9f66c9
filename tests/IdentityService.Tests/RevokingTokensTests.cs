using System.Net;
using IdentityService.Tests.Support;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RevokingTokensTests(IdentityApi api)
{
    [Fact]
    public async Task Revoke_OwnAccessToken_EndsThatOneOnly()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var (token, other) = (await client.TokenAsync(), await client.TokenAsync());

        using var answer = await client.AskAsync("/connect/revoke", ("token", token), ("token_type_hint", "refresh_token"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("""{"active":false}""", await client.IntrospectAsync(token));
        Assert.Contains("true", await client.IntrospectAsync(other), StringComparison.Ordinal);
        var jti = Jwt.Claims(token).Text("jti");
        Assert.Equal(RevocationKind.Token, (await api.Events.OneAsync<RevocationIssued>(one => one.Value == jti)).Kind);
        await api.Events.AuditAsync("token.revoked", jti);
    }

    [Fact]
    public async Task Revoke_UnknownOrAnothersToken_IsAnsweredAlikeAndDoesNothing()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var other = await TestClient.RegisterAsync(api.Host, api.Http);
        var token = await other.TokenAsync();

        foreach (var text in new[] { token, "garbage", (await api.SignedInAsync()).RefreshToken })
        {
            using var answer = await client.AskAsync("/connect/revoke", ("token", text));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("", await answer.Content.ReadAsStringAsync());
        }

        Assert.Contains("true", await other.IntrospectAsync(token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_WithoutProof_IsRefused()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        using var nobody = await client.AskOpenlyAsync("/connect/revoke", ("token", "x"), ("client_id", client.Id));
        using var missing = await client.AskAsync("/connect/revoke");

        Assert.Equal("invalid_client", (await nobody.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
        Assert.Equal("invalid_request", (await missing.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }
}
