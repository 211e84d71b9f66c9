using System.Net;
using System.Text.Json;

namespace IdentityService.Tests.Support;

/// <summary>Someone at the service's door, with what they know and hold.</summary>
internal sealed class Person(HttpClient http)
{
    public string UserName { get; } = $"u{Guid.CreateVersion7():N}"[..28];

    public string Email => $"{UserName}@platform.test";

    public string Password { get; set; } = "seven quiet herons at dawn";

    public Guid Id { get; private set; }

    public string AccessToken { get; private set; } = "";

    public string RefreshToken { get; set; } = "";

    public Guid SessionId => Jwt.Claims(AccessToken).GetProperty("sid").GetGuid();

    public async Task<JsonElement> RegisterAsync()
    {
        var body = await (await TryRegisterAsync()).BodyAsync(HttpStatusCode.Created);
        Id = body.GetProperty("id").GetGuid();
        return body;
    }

    public Task<HttpResponseMessage> TryRegisterAsync(string? userName = null, string? email = null, string? password = null) =>
        SendAsync(HttpMethod.Post, "register", new
        {
            username = userName ?? UserName,
            email = email ?? Email,
            password = password ?? Password,
        });

    public async Task<JsonElement> LogInAsync(string? name = null, string? password = null) =>
        Take(await (await TryLogInAsync(name, password)).BodyAsync(HttpStatusCode.OK));

    public Task<HttpResponseMessage> TryLogInAsync(string? name = null, string? password = null) =>
        SendAsync(HttpMethod.Post, "login", new { username = name ?? UserName, password = password ?? Password });

    public async Task<JsonElement> RefreshAsync() => Take(await (await TryRefreshAsync()).BodyAsync(HttpStatusCode.OK));

    public Task<HttpResponseMessage> TryRefreshAsync(string? token = null) =>
        SendAsync(HttpMethod.Post, "refresh", new { refresh_token = token ?? RefreshToken });

    public Task<HttpResponseMessage> TryMeAsync(string? token = null) => SendAsync(HttpMethod.Get, "me", token: token ?? AccessToken);

    public Task<HttpResponseMessage> TryLogOutAsync() => SendAsync(HttpMethod.Post, "logout", token: AccessToken);

    public Task<HttpResponseMessage> TryChangePasswordAsync(string current, string changed) => SendAsync(
        HttpMethod.Post, "change-password", new { currentPassword = current, newPassword = changed }, AccessToken);

    public Task<HttpResponseMessage> TryUpdateAsync(object body, string? ifMatch) =>
        SendAsync(HttpMethod.Put, "me", body, AccessToken, ifMatch);

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string route, object? body = null, string? token = null, string? ifMatch = null) =>
        IdentityApi.SendAsync(http, method, $"/api/v1/auth/{route}", token, body, ifMatch);

    private JsonElement Take(JsonElement tokens)
    {
        AccessToken = tokens.Text("access_token");
        RefreshToken = tokens.Text("refresh_token");
        return tokens;
    }
}
