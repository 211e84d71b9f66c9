using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace EndToEnd.Tests.Support;

/// <summary>One person, device or program in front of the gateway, in words of what they want.</summary>
public sealed class PlatformClient(HttpClient http) : IDisposable
{
    private static int _people;

    public HttpClient Http => http;

    public string UserName { get; private set; } = "";

    public string Email => $"{UserName}@platform.test";

    public string AccessToken { get; private set; } = "";

    public string RefreshToken { get; private set; } = "";

    public static string NewPassword => "correct horse battery 7";

    /// <summary>Registers a person nobody else is called like.</summary>
    public async Task<JsonElement> RegisterAsync()
    {
        UserName = $"person{Interlocked.Increment(ref _people)}{Guid.CreateVersion7().ToString("N")[20..]}";
        using var answer = await RegisterAsync(UserName, Email, NewPassword);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return await ReadAsync(answer);
    }

    public Task<HttpResponseMessage> RegisterAsync(string userName, string email, string password) =>
        http.PostAsJsonAsync("/api/v1/auth/register", new { username = userName, email, password });

    public Task SignInAsync() => SignInAsync(UserName, NewPassword);

    public async Task SignInAsync(string userName, string password)
    {
        using var answer = await LogInAsync(userName, password);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Take(await ReadAsync(answer));
    }

    public Task<HttpResponseMessage> LogInAsync(string userName, string password) =>
        http.PostAsJsonAsync("/api/v1/auth/login", new { username = userName, password });

    public async Task RefreshAsync()
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/auth/refresh", new { refresh_token = RefreshToken });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Take(await ReadAsync(answer));
    }

    public async Task SignOutAsync()
    {
        using var answer = await http.PostAsync("/api/v1/auth/logout", null);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await http.GetAsync(path);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"GET {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await ReadAsync(answer);
    }

    public async Task<JsonElement> PostAsync(string path, object? body, HttpStatusCode expected)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        Assert.True(answer.StatusCode == expected, $"POST {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await ReadAsync(answer);
    }

    /// <summary>Sends every following request with this token.</summary>
    public void Use(string accessToken)
    {
        AccessToken = accessToken;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Asserts RFC 9457's shape and gives the stable code.</summary>
    public static async Task<string> ProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await ReadAsync(answer);
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
        return problem.GetProperty("code").GetString()!;
    }

    public void Dispose() => http.Dispose();

    private void Take(JsonElement tokens)
    {
        Use(tokens.GetProperty("access_token").GetString()!);
        RefreshToken = tokens.GetProperty("refresh_token").GetString()!;
        Assert.Equal("Bearer", tokens.GetProperty("token_type").GetString());
        Assert.True(tokens.GetProperty("expires_in").GetInt32() is > 0 and <= 900);
    }
}
