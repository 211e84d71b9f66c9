using System.Net;
using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests;

public sealed class ExchangingApiKeysTests(IdentityApi api)
{
    private TestClient Gateway => TestClient.Gateway(api.Http);

    [Fact]
    public async Task Exchange_Key_GivesAShortTokenOfTheOwnerWithTheKeysScopes()
    {
        var owner = await ViewerAsync();
        var (key, details) = await owner.CreateKeyAsync(["devices:read"], limit: 120);

        var answer = await Gateway.ExchangeAsync(key);

        Assert.Equal(
            ["access_token", "expires_in", "issued_token_type", "token_type"], answer.EnumerateObject().Select(one => one.Name).Order());
        Assert.Equal("urn:ietf:params:oauth:token-type:access_token", answer.Text("issued_token_type"));
        Assert.InRange(answer.GetProperty("expires_in").GetInt32(), 1, 300);
        var claims = Jwt.Claims(answer.Text("access_token"));
        Assert.Equal(owner.Id.ToString(), claims.Text("sub"));
        Assert.Equal("gateway", claims.Text("client_id"));
        Assert.Equal("devices:read", claims.Text("scope"));
        Assert.Equal(details.Text("id"), claims.Text("sid"));
        Assert.Equal(details.Text("id"), claims.Text("key_id"));
        Assert.Equal(120, claims.GetProperty("key_limit").GetInt32());
        Assert.Equal(0, claims.GetProperty("roles").GetArrayLength());
    }

    [Fact]
    public async Task Exchange_OwnerLosesARole_KeyLosesItsScopesAtOnce()
    {
        var owner = await ViewerAsync();
        var (key, _) = await owner.CreateKeyAsync(["devices:read", "identity:self"]);

        await api.Host.QueryAsync(db => db.UserRoles.Where(row => row.UserId == owner.Id).ExecuteDeleteAsync());

        Assert.Equal("identity:self", Jwt.Claims((await Gateway.ExchangeAsync(key)).Text("access_token")).Text("scope"));
    }

    [Theory]
    [InlineData("UPDATE users SET disabled_at = now() WHERE id = '{0}'")]
    [InlineData("DELETE FROM users WHERE id = '{0}'")]
    [InlineData("UPDATE api_keys SET expires_at = now() WHERE user_id = '{0}'")]
    public async Task Exchange_OwnerOrKeyIsNoMore_IsRefusedAndItsTokensToo(string sql)
    {
        var owner = await ViewerAsync();
        var (key, _) = await owner.CreateKeyAsync(["devices:read"]);
        var token = (await Gateway.ExchangeAsync(key)).Text("access_token");

        await api.Host.QueryAsync(db => db.Database.ExecuteSqlRawAsync(string.Format(null, sql, owner.Id)));

        await Gateway.MustRefuseKeyAsync(key);
        Assert.Equal("""{"active":false}""", await Gateway.IntrospectAsync(token));
    }

    [Fact]
    public async Task Exchange_ByAnyoneButTheGateway_IsRefused()
    {
        var owner = await ViewerAsync();
        var (key, _) = await owner.CreateKeyAsync(["devices:read"]);
        var client = await TestClient.RegisterAsync(api.Host, api.Http);

        using var byClient = await client.TryExchangeAsync(key);
        using var byNobody = await Gateway.AskOpenlyAsync(
            "/connect/token", ("grant_type", ApiKeyExchange.Grant), ("subject_token", key), ("subject_token_type", ApiKeyExchange.KeyType));

        Assert.Equal("unauthorized_client", (await byClient.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_client", (await byNobody.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
    }

    [Fact]
    public async Task Exchange_BadForm_IsAnsweredAsInRfc8693()
    {
        using var type = await Gateway.TryExchangeAsync(ApiKeyFormat.Random(), "urn:ietf:params:oauth:token-type:jwt");
        using var missing = await Gateway.AskAsync("/connect/token", ("grant_type", ApiKeyExchange.Grant), ("subject_token_type", ApiKeyExchange.KeyType));

        Assert.Equal("invalid_request", (await type.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_request", (await missing.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Exchange_TooManyWrongKeys_IsSlowedDownWhileRightOnesPass()
    {
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, settings: [("ApiKeys:WrongKeysPerMinute", "3"), ("Registration:DefaultRole", "viewer")]);
        using var http = host.CreateClient();
        var gateway = TestClient.Gateway(http);
        var owner = new Person(http);
        await owner.RegisterAsync();
        await owner.LogInAsync();
        var (key, _) = await owner.CreateKeyAsync(["devices:read"]);

        for (var wrong = 0; wrong < 3; wrong++)
        {
            using var answer = await gateway.TryExchangeAsync(ApiKeyFormat.Random());
            Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        }

        using var slowed = await gateway.TryExchangeAsync(ApiKeyFormat.Random());
        Assert.Equal(HttpStatusCode.TooManyRequests, slowed.StatusCode);
        Assert.InRange(slowed.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        await gateway.ExchangeAsync(key);
        using var fromElsewhere = new HttpRequestMessage(HttpMethod.Post, "/connect/token")
        {
            Content = new FormUrlEncodedContent([new("grant_type", ApiKeyExchange.Grant), new("subject_token", "x"), new("subject_token_type", ApiKeyExchange.KeyType)]),
            Headers = { Authorization = TestClient.Basic("gateway", IdentityHost.GatewaySecret) },
        };
        fromElsewhere.Headers.Add("X-Forwarded-For", "192.0.2.7");
        using var elsewhere = await http.SendAsync(fromElsewhere);
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
    }

    private Task<Person> ViewerAsync() => api.SignedInAsync(Role.Viewer);
}
