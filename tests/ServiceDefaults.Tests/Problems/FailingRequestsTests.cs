using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Platform.Testing;
using Polly.CircuitBreaker;
using Polly.Timeout;
using ServiceDefaults.Problems;
using ServiceDefaults.Tests.Support;
using StackExchange.Redis;

namespace ServiceDefaults.Tests.Problems;

public sealed class FailingRequestsTests
{
    private static readonly NpgsqlException Refused = new("Failed to connect to 10.0.0.1", new SocketException((int)SocketError.ConnectionRefused));

    public static TheoryData<string> Environments => ["Production", "Development"];

    [Theory, MemberData(nameof(Environments))]
    public async Task Get_UnexpectedException_IsInternalErrorWithoutInternals(string environment)
    {
        await using RunningService service = await StartAsync(() => new InvalidOperationException("secret internals"), environment);
        HttpResponseMessage answer = await service.Public.GetAsync("/fail");
        JsonElement problem = await answer.ShouldBeProblemAsync(HttpStatusCode.InternalServerError, "internal_error");
        Assert.DoesNotContain("internals", problem.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", problem.GetRawText(), StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(answer.Headers.GetValues("X-Request-Id").Single()));

        await service.Logs.FindMessageAsync("GET /fail answered 500");
        JsonElement logged = Assert.Single(service.Logs.Lines(), static line => line.TryGetProperty("exception", out _));
        Assert.Equal(problem.GetProperty("traceId").GetString(), logged.GetProperty("traceId").GetString());
    }

    public static TheoryData<string> Outages => [.. OutagesByName.Keys];

    private static readonly Dictionary<string, Func<Exception>> OutagesByName = new(StringComparer.Ordinal)
    {
        ["database refused"] = static () => Refused,
        ["database in save"] = static () => new DbUpdateException("save", Refused),
        ["database by strategy"] = static () => new InvalidOperationException("transient", Refused),
        ["database timeout"] = static () => new TimeoutException("timeout", Refused),
        ["database shutting down"] = static () => new PostgresException("bye", "FATAL", "FATAL", "57P01"),
        ["redis"] = static () => Assert.Throws<RedisConnectionException>(static () =>
            ConnectionMultiplexer.Connect($"127.0.0.1:{RunningService.FreePort()},abortConnect=true,connectTimeout=500,connectRetry=0")),
        ["service refused"] = static () => new HttpRequestException("refused", new SocketException((int)SocketError.ConnectionRefused)),
        ["circuit open"] = static () => new BrokenCircuitException("open"),
        ["attempt timeout"] = static () => new TimeoutRejectedException("slow"),
    };

    [Theory, MemberData(nameof(Outages))]
    public async Task Get_DependencyAway_IsUnavailableWithRetryAfter(string outage)
    {
        await using RunningService service = await StartAsync(OutagesByName[outage]);
        HttpResponseMessage answer = await service.Public.GetAsync("/fail");
        await answer.ShouldBeProblemAsync(HttpStatusCode.ServiceUnavailable, "dependency_unavailable");
        Assert.True(answer.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Get_UniqueViolationUntranslated_IsInternalError()
    {
        await using RunningService service = await StartAsync(static () =>
            new DbUpdateException("save", new PostgresException("duplicate key", "ERROR", "ERROR", "23505")));
        await (await service.Public.GetAsync("/fail")).ShouldBeProblemAsync(HttpStatusCode.InternalServerError, "internal_error");
    }

    [Fact]
    public async Task Get_JsonExceptionOfOurOwnData_IsInternalError()
    {
        await using RunningService service = await StartAsync(static () => new JsonException("stored document is broken"));
        await (await service.Public.GetAsync("/fail")).ShouldBeProblemAsync(HttpStatusCode.InternalServerError, "internal_error");
    }

    [Fact]
    public async Task Get_UnknownPathWithHtmlAccept_IsStillAProblem()
    {
        await using RunningService service = await RunningService.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, "/nowhere");
        request.Headers.Add("Accept", "text/html");
        await (await service.Public.SendAsync(request)).ShouldBeProblemAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Delete_RouteOfOtherMethod_IsMethodNotAllowed()
    {
        await using RunningService service = await StartAsync(static () => new InvalidOperationException());
        await (await service.Public.DeleteAsync("/fail")).ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Theory]
    [InlineData(401, "unauthenticated")]
    [InlineData(403, "forbidden")]
    [InlineData(429, "rate_limited")]
    [InlineData(503, "dependency_unavailable")]
    public async Task Get_EmptyErrorStatus_BecomesAProblem(int status, string code)
    {
        await using RunningService service = await RunningService.StartAsync(map: app => app.MapGet("/", () => Results.StatusCode(status)));
        await (await service.Public.GetAsync("/")).ShouldBeProblemAsync((HttpStatusCode)status, code);
    }

    [Fact]
    public async Task Get_ExpectedFailure_CarriesCodeAndExtensions()
    {
        await using RunningService service = await RunningService.StartAsync(map: static app =>
            app.MapGet("/", static () => Problem.Of(409, "device_retired", "The device is retired.", [new("deviceId", 7)])));
        JsonElement problem = await (await service.Public.GetAsync("/")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "device_retired");
        Assert.Equal(7, problem.GetProperty("deviceId").GetInt32());
    }

    [Fact]
    public async Task Get_ValidationFailure_ListsAllFaults()
    {
        await using RunningService service = await RunningService.StartAsync(map: static app => app.MapGet("/", static () => Problem.Validation(
            new Dictionary<string, string[]>(StringComparer.Ordinal) { ["userName"] = ["is required"], ["email"] = ["is no address", "is too long"] })));
        JsonElement problem = await (await service.Public.GetAsync("/")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "validation_failed");
        Assert.Equal("is required", problem.GetProperty("errors").GetProperty("userName")[0].GetString());
        Assert.Equal(2, problem.GetProperty("errors").GetProperty("email").GetArrayLength());
    }

    [Fact]
    public async Task Get_ClientGoesAway_LogsNoError()
    {
        TaskCompletionSource entered = new();
        await using RunningService service = await RunningService.StartAsync(map: app => app.MapGet("/wait", async (CancellationToken cancellationToken) =>
        {
            entered.SetResult();
            await Hanging.UntilAsync(cancellationToken);
        }));
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> request = service.Public.GetAsync("/wait", leave.Token);
        await entered.Task;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        await service.Logs.FindMessageAsync("GET /wait answered 499");
        Assert.DoesNotContain(service.Logs.Lines(), static line => line.GetProperty("level").GetString() is "error" or "warning");
    }

    [Fact]
    public async Task Post_BodyTooLarge_IsRefused()
    {
        await using RunningService service = await RunningService.StartAsync(
            map: static app => app.MapPost("/", static async (HttpRequest request) =>
            {
                await request.Body.CopyToAsync(Stream.Null);
                return Results.NoContent();
            }),
            settings: [new("Server:MaxRequestBodyBytes", "2048")]);
        using StringContent body = new(new string('x', 4096), Encoding.UTF8, "text/plain");
        await (await service.Public.PostAsync("/", body)).ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        Assert.Equal(HttpStatusCode.NoContent, (await service.Public.PostAsync("/", new StringContent(new string('x', 1024)))).StatusCode);
    }

    private static Task<RunningService> StartAsync(Func<Exception> fault, string environment = "Production") => RunningService.StartAsync(
        map: app => app.MapGet("/fail", string () => throw fault()), environment: environment);
}
