using System.Net;
using System.Text.Json;

namespace IdentityService.Tests.Support;

/// <summary>The routes by which administrators look after accounts.</summary>
internal static class UserAdministration
{
    private const string Path = "/api/v1/admin/users";

    public static Task<HttpResponseMessage> UsersAsync(
        this Person administrator, HttpClient http, HttpMethod method, string path, object? body = null, string? ifMatch = null) =>
        IdentityApi.SendAsync(http, method, Path + path, administrator.AccessToken, body, ifMatch);

    public static async Task<JsonElement> ShowUserAsync(this Person administrator, HttpClient http, Guid id)
    {
        using var answer = await administrator.UsersAsync(http, HttpMethod.Get, $"/{id}");
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    /// <summary>One of the changes without a body: <c>disable</c>, <c>enable</c>, <c>reset-password</c>, <c>unlock</c>.</summary>
    public static async Task<JsonElement> ChangeUserAsync(this Person administrator, HttpClient http, Guid id, string change)
    {
        using var answer = await administrator.UsersAsync(http, HttpMethod.Post, $"/{id}/{change}");
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    public static Task<HttpResponseMessage> SetRolesAsync(
        this Person administrator, HttpClient http, Guid id, string? version, params string[] roles) =>
        administrator.UsersAsync(http, HttpMethod.Put, $"/{id}/roles", new { roles }, version);
}
