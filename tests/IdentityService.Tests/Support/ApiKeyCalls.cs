using System.Net;
using System.Text.Json;

namespace IdentityService.Tests.Support;

/// <summary>API keys as their owner and the gateway have to do with them.</summary>
internal static class ApiKeyCalls
{
    public static Task<HttpResponseMessage> TryCreateKeyAsync(this Person owner, object body) =>
        owner.SendAsync(HttpMethod.Post, "api-keys", body, owner.AccessToken);

    public static Task<HttpResponseMessage> RevokeKeyAsync(this Person owner, string id) =>
        owner.SendAsync(HttpMethod.Delete, $"api-keys/{id}", token: owner.AccessToken);

    public static async Task<(string Key, JsonElement Details)> CreateKeyAsync(this Person owner, string[] scopes, int? limit = null)
    {
        using var answer = await owner.TryCreateKeyAsync(new { name = "builds", scopes, rateLimit = limit });
        var body = await answer.BodyAsync(HttpStatusCode.Created);
        return (body.Text("key"), body.GetProperty("details"));
    }

    public static async Task MustRefuseKeyAsync(this TestClient gateway, string key)
    {
        using var answer = await gateway.TryExchangeAsync(key);
        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }
}
