using System.Net;
using EndToEnd.Tests.Support;

namespace EndToEnd.Tests;

public sealed class ReadingTheApiTests(RunningPlatform platform)
{
    [Theory]
    [InlineData("identity", "/api/v1/auth/me", "get")]
    [InlineData("device", "/api/v1/devices/enroll", "post")]
    [InlineData("notification", "/api/v1/notifications", "get")]
    [InlineData("audit", "/api/v1/audit/logs", "get")]
    public async Task Document_OfAService_NamesItsRoutesAndNoAddressInside(string service, string path, string method)
    {
        using var visitor = platform.Visit();
        var document = await visitor.GetAsync($"/openapi/{service}.json");

        Assert.True(document.GetProperty("paths").GetProperty(path).TryGetProperty(method, out _));
        Assert.Equal("/", Assert.Single(document.GetProperty("servers").EnumerateArray()).GetProperty("url").GetString());
        Assert.DoesNotContain("localhost", document.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OverAllDocuments_IsThereWithAPolicyOfItsOwn()
    {
        using var visitor = platform.Visit();
        using var page = await visitor.Http.GetAsync("/openapi/index.html");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("script-src 'self'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
    }
}
