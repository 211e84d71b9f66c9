using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EndToEnd.Tests.Support;

namespace EndToEnd.Tests;

public sealed class RefusingBadRequestsTests(RunningPlatform platform)
{
    [Theory]
    [InlineData("{", "malformed_request")]
    [InlineData("[]", "malformed_request")]
    [InlineData("null", "malformed_request")]
    [InlineData("", "malformed_request")]
    [InlineData("""{"username":"a","username":"b"}""", "malformed_request")]
    [InlineData("""{"username":1}""", "malformed_request")]
    [InlineData("""{"username":"someone","email":"a@b.test","password":"correct horse battery 7","admin":true}""", "malformed_request")]
    [InlineData("{}", "validation_failed")]
    public async Task Register_BadBody_IsRefusedWithAStableCode(string body, string code)
    {
        using var visitor = platform.Visit();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await visitor.Http.PostAsync("/api/v1/auth/register", content);

        Assert.Equal(code, await PlatformClient.ProblemAsync(answer, HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Register_EveryFieldWrong_NamesEveryFaultAtOnce()
    {
        using var visitor = platform.Visit();
        using var answer = await visitor.RegisterAsync("x", "no address", "short");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);

        var errors = (await PlatformClient.ReadAsync(answer)).GetProperty("errors");
        Assert.Equal(["email", "password", "username"], errors.EnumerateObject().Select(fault => fault.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Register_NameTaken_IsAConflictAndTheAddressTellsNothing()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();

        using var sameName = await person.RegisterAsync(person.UserName, "other@platform.test", PlatformClient.NewPassword);
        Assert.Equal("user_name_taken", await PlatformClient.ProblemAsync(sameName, HttpStatusCode.Conflict));
        using var sameAddress = await person.RegisterAsync(person.UserName + "x", person.Email, PlatformClient.NewPassword);
        Assert.Equal(HttpStatusCode.Created, sameAddress.StatusCode);
    }

    [Fact]
    public async Task LogIn_WrongPasswordOrUnknownPerson_AnswersTheSame()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        using var wrong = await person.LogInAsync(person.UserName, "not the password 1");
        using var unknown = await person.LogInAsync("nobody-of-this-name", "not the password 1");

        Assert.Equal("invalid_credentials", await PlatformClient.ProblemAsync(wrong, HttpStatusCode.Unauthorized));
        Assert.Equal("invalid_credentials", await PlatformClient.ProblemAsync(unknown, HttpStatusCode.Unauthorized));
        Assert.Equal(await DetailAsync(wrong), await DetailAsync(unknown));
    }

    [Theory]
    [InlineData("/api/v1/auth/me")]
    [InlineData("/api/v1/audit/logs")]
    [InlineData("/api/v1/notifications")]
    [InlineData("/api/v1/devices")]
    public async Task Ask_WithoutOrWithABadToken_IsUnauthorized(string path)
    {
        using var person = platform.Visit();
        using (var none = await person.Http.GetAsync(path))
        {
            Assert.Equal("unauthenticated", await PlatformClient.ProblemAsync(none, HttpStatusCode.Unauthorized));
            Assert.StartsWith("Bearer", none.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        await person.RegisterAsync();
        await person.SignInAsync();
        foreach (var bad in BadVariantsOf(person.AccessToken))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bad);
            using var answer = await person.Http.SendAsync(request);
            Assert.Equal("invalid_token", await PlatformClient.ProblemAsync(answer, HttpStatusCode.Unauthorized));
        }
    }

    [Theory]
    [InlineData("/api/v1/audit/logs")]
    [InlineData("/api/v1/devices")]
    public async Task Ask_WithoutTheRight_IsForbidden(string path)
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        await person.SignInAsync();
        using var answer = await person.Http.GetAsync(path);

        Assert.Equal("insufficient_scope", await PlatformClient.ProblemAsync(answer, HttpStatusCode.Forbidden));
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/ready")]
    [InlineData("/live")]
    [InlineData("/metrics")]
    [InlineData("/errors")]
    [InlineData("/api/v1/unknown")]
    public async Task Ask_ForWhatIsNotPublic_IsNotFound(string path)
    {
        using var visitor = platform.Visit();
        using var answer = await visitor.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Answer_Always_CarriesTheSecurityHeadersAndTheRequestId()
    {
        using var visitor = platform.Visit();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/auth/me");
        request.Headers.Add("X-Request-Id", "my-request-1");
        using var answer = await visitor.Http.SendAsync(request);

        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("my-request-1", Assert.Single(answer.Headers.GetValues("X-Request-Id")));
        Assert.True(answer.Headers.Contains("Content-Security-Policy"));
        Assert.False(answer.Headers.Contains("Server"));
    }

    private static IEnumerable<string> BadVariantsOf(string token)
    {
        var parts = token.Split('.');
        yield return "nonsense";
        yield return $"{parts[0]}.{parts[1]}.";
        yield return $"{parts[0]}.{parts[1]}.{parts[2][..^4]}AAAA";
        yield return $"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{parts[1]}.";
        yield return $"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{parts[1]}.AAAA";
        yield return $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}";
    }

    private static async Task<string?> DetailAsync(HttpResponseMessage answer) =>
        (await PlatformClient.ReadAsync(answer)).GetProperty("detail").GetString();
}
