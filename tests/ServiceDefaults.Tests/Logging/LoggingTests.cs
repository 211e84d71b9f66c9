using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Logging;

#pragma warning disable CA1848, CA2254 // what is logged is the subject
public sealed class LoggingTests : IAsyncLifetime
{
    private const string Jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

    private RunningService _service = null!;
    private ILogger _logger = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await RunningService.StartAsync(map: static app => app.MapGet("/things/{id}", static (string id, HttpContext context, ILogger<LoggingTests> logger) =>
        {
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "user-1"), new Claim("tid", "tenant-1")], "test"));
            logger.LogInformation("Thing {ThingId} was read", id);
            return id;
        }));
        _logger = _service.App.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Tests.Subject");
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Log_InsideARequest_CarriesRequestUserTenantAndTrace()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        using HttpRequestMessage request = new(HttpMethod.Get, "/things/7");
        request.Headers.Add("X-Request-Id", "request-1");
        request.Headers.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        HttpResponseMessage answer = await _service.Public.SendAsync(request);
        Assert.Equal("request-1", answer.Headers.GetValues("X-Request-Id").Single());

        JsonElement line = await _service.Logs.FindMessageAsync("Thing 7 was read");
        Assert.Equal("request-1", line.GetProperty("requestId").GetString());
        Assert.Equal("user-1", line.GetProperty("userId").GetString());
        Assert.Equal("tenant-1", line.GetProperty("tenantId").GetString());
        Assert.Equal(trace, line.GetProperty("traceId").GetString());
        Assert.Matches("^[0-9a-f]{16}$", line.GetProperty("spanId").GetString());
        Assert.Equal("info", line.GetProperty("level").GetString());
        Assert.Equal("7", line.GetProperty("properties").GetProperty("ThingId").GetString());
        Assert.True(line.GetProperty("timestamp").TryGetDateTimeOffset(out DateTimeOffset time) && time.Offset == TimeSpan.Zero);

        JsonElement access = await _service.Logs.FindMessageAsync("GET /things/{id} answered 200");
        Assert.Equal("user-1", access.GetProperty("userId").GetString());
        Assert.True(access.GetProperty("properties").GetProperty("DurationMs").GetDouble() > 0);
    }

    [Theory]
    [InlineData("has spaces")]
    [InlineData("a;b")]
    [InlineData("<script>")]
    public async Task Get_UnsafeRequestId_IsReplaced(string id)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/things/7");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        string given = (await _service.Public.SendAsync(request)).Headers.GetValues("X-Request-Id").Single();
        Assert.True(Guid.TryParse(given, out Guid made) && made.Version == 7, given);
    }

    [Fact]
    public async Task Get_RequestIdTooLong_IsReplaced()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/things/7");
        request.Headers.Add("X-Request-Id", new string('a', 129));
        Assert.Equal(36, (await _service.Public.SendAsync(request)).Headers.GetValues("X-Request-Id").Single().Length);
    }

    [Theory]
    [InlineData("Password")]
    [InlineData("client_secret")]
    [InlineData("AccessToken")]
    [InlineData("Authorization")]
    [InlineData("Cookie")]
    [InlineData("ApiKey")]
    [InlineData("ConnectionString")]
    [InlineData("Code")]
    public async Task Log_SecretProperty_IsRedactedInPropertyAndMessage(string name)
    {
        string mark = Guid.CreateVersion7().ToString("N");
        _logger.LogInformation($"{mark} {{{name}}} for {{User}}", "hunter2", "ann");
        JsonElement line = await _service.Logs.FindMessageAsync(mark);
        Assert.Equal($"{mark} [redacted] for ann", line.GetProperty("message").GetString());
        Assert.Equal("[redacted]", line.GetProperty("properties").GetProperty(name).GetString());
        Assert.DoesNotContain("hunter2", _service.Logs.Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"token is {Jwt} here", "here")]
    [InlineData("Authorization: Bearer hunter2hunter2", "Authorization")]
    [InlineData("Host=db;Username=a;Password=hunter2;Database=x", "Database=x")]
    [InlineData("amqp://guest:hunter2@rabbit:5672/v", "@rabbit:5672/v")]
    [InlineData("redis:6379,password=hunter2,ssl=true", "ssl=true")]
    [InlineData("""{"password":"hunter2","name":"ann"}""", "\"name\":\"ann\"")]
    public async Task Log_ValueLooksLikeASecret_IsRedactedEverywhere(string text, string kept)
    {
        string mark = Guid.CreateVersion7().ToString("N");
        using (_logger.BeginScope(new Dictionary<string, object?>(StringComparer.Ordinal) { ["Detail"] = text }))
        {
            _logger.LogError(new InvalidOperationException(text, new InvalidOperationException(text)), "{Mark} {Text}", mark, text);
        }

        JsonElement line = await _service.Logs.FindMessageAsync(mark);
        Assert.DoesNotContain("hunter2", line.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(Jwt, line.GetRawText(), StringComparison.Ordinal);
        Assert.Contains(kept, line.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("[redacted]", line.GetProperty("scope").GetProperty("Detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("[redacted]", line.GetProperty("exception").GetProperty("cause").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_ValueWithLineBreaks_StaysOnOneLine()
    {
        string mark = Guid.CreateVersion7().ToString("N");
        _logger.LogInformation("{Mark} {Text}", mark, "a\r\n{\"level\":\"forged\"}\u2028b\u0085c");
        await _service.Logs.FindMessageAsync(mark);
        string raw = Assert.Single(_service.Logs.Text().Split('\n', '\r', '\u2028', '\u0085'), line => line.Contains(mark, StringComparison.Ordinal));
        Assert.EndsWith("}", raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutLogLevels_DebugForACategory_TakesEffectAndCanBeTakenBack()
    {
        Assert.False(_logger.IsEnabled(LogLevel.Debug));
        HttpResponseMessage changed = await _service.Management.PutAsJsonAsync("/loglevels", new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tests"] = "Debug" });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal("Debug", (await changed.JsonAsync()).GetProperty("Tests").GetString());
        Assert.True(_logger.IsEnabled(LogLevel.Debug));

        await _service.Management.PutAsJsonAsync("/loglevels", new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tests"] = null });
        Assert.False(_logger.IsEnabled(LogLevel.Debug));
    }

    [Fact]
    public async Task PutLogLevels_UnknownLevel_ChangesNothing()
    {
        HttpResponseMessage answer = await _service.Management.PutAsync("/loglevels", Answers.Json("""{"Tests":"Debug","Other":"Loud"}"""));
        JsonElement problem = await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest, "validation_failed");
        Assert.True(problem.GetProperty("errors").TryGetProperty("Other", out _));
        Assert.False(_logger.IsEnabled(LogLevel.Debug));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{")]
    [InlineData("""{"Tests":1}""")]
    public async Task PutLogLevels_MalformedBody_IsRefused(string body) =>
        await (await _service.Management.PutAsync("/loglevels", Answers.Json(body))).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "malformed_request");
}
