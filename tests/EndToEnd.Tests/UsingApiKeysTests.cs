using System.Net;
using EndToEnd.Tests.Support;
using Platform.Testing;

namespace EndToEnd.Tests;

public sealed class UsingApiKeysTests(RunningPlatform platform)
{
    private const string Devices = "/api/v1/devices";

    [Fact]
    public async Task Key_MadeUsedAndRevoked_IsRefusedWithinASecond()
    {
        using var admin = platform.Visit();
        await admin.SignInAsync("admin", RunningPlatform.AdministratorPassword);
        var made = await admin.PostAsync("/api/v1/auth/api-keys", new { name = "a program", scopes = (string[])["devices:read"] }, HttpStatusCode.Created);
        using var program = platform.Visit();
        program.Http.DefaultRequestHeaders.Add("X-API-Key", made.GetProperty("key").GetString());

        await program.GetAsync(Devices);
        using (var forbidden = await program.Http.PostAsync("/api/v1/devices/enrollment-tokens", null))
        {
            Assert.Equal("insufficient_scope", await PlatformClient.ProblemAsync(forbidden, HttpStatusCode.Forbidden));
        }

        using (var revoked = await admin.Http.DeleteAsync($"/api/v1/auth/api-keys/{made.GetProperty("details").GetProperty("id").GetString()}"))
        {
            Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        }

        // The answer waits for the gateways, for a second at most.
        await Eventually.Async(async () => (await program.Http.GetAsync(Devices)).StatusCode == HttpStatusCode.Unauthorized, TimeSpan.FromMinutes(1), "the revoked key stayed good");
        using var refused = await program.Http.GetAsync(Devices);
        Assert.Equal("invalid_api_key", await PlatformClient.ProblemAsync(refused, HttpStatusCode.Unauthorized));
    }

    [Theory]
    [InlineData("/api/v1/auth/api-keys", """{"name":"once","scopes":["devices:read"]}""", "key")]
    [InlineData("/api/v1/devices/enrollment-tokens", "{}", "token")]
    public async Task Creation_SentAgainWithItsKey_ShowsTheSameSecret(string path, string body, string secret)
    {
        using var admin = await platform.AdministratorAsync();
        admin.Http.DefaultRequestHeaders.Add("Idempotency-Key", $"\"{Guid.CreateVersion7()}\"");

        using var first = await admin.Http.PostAsync(path, new StringContent(body, null, "application/json"));
        using var again = await admin.Http.PostAsync(path, new StringContent(body, null, "application/json"));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, again.StatusCode));
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal((await first.BodyAsync(HttpStatusCode.Created)).Text(secret), (await again.BodyAsync(HttpStatusCode.Created)).Text(secret));
    }
}
