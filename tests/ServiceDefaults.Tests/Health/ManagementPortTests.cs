using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Platform.Testing;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Health;

public sealed class ManagementPortTests
{
    public static TheoryData<string> ManagementPaths => ["/live", "/ready", "/health", "/metrics", "/errors", "/loglevels"];

    [Theory, MemberData(nameof(ManagementPaths))]
    public async Task GetFromManagementPort_Running_Serves(string path)
    {
        await using RunningService service = await RunningService.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await service.Management.GetAsync(path)).StatusCode);
    }

    [Theory, MemberData(nameof(ManagementPaths))]
    public async Task GetFromPublicPort_WithHostOfManagementPort_IsNotFound(string path)
    {
        await using RunningService service = await RunningService.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Host = service.Management.BaseAddress!.Authority;
        request.Headers.Add("X-Forwarded-Host", service.Management.BaseAddress.Authority);
        request.Headers.Add("X-Forwarded-Port", $"{service.Management.BaseAddress.Port}");
        await (await service.Public.SendAsync(request)).ShouldBeProblemAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task GetFromManagementPort_RouteOfTheService_IsNotFound()
    {
        await using RunningService service = await RunningService.StartAsync(map: static app => app.MapGet("/things", static () => "things"));
        Assert.Equal("things", await service.Public.GetStringAsync("/things"));

        using HttpRequestMessage request = new(HttpMethod.Get, "/things");
        request.Headers.Host = service.Public.BaseAddress!.Authority;
        await (await service.Management.SendAsync(request)).ShouldBeProblemAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task PostToManagementPort_KnownPath_IsMethodNotAllowed()
    {
        await using RunningService service = await RunningService.StartAsync();
        await (await service.Management.PostAsync("/live", content: null)).ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }

    [Fact]
    public async Task Start_ManagementPortIsPublicPort_NamesTheFault()
    {
        int port = RunningService.FreePort();
        (WebApplication app, _) = RunningService.Build(configure: null, map: null, [new("Management:Port", $"{port}")]);
        app.Urls.Add($"http://127.0.0.1:{port}");
        OptionsValidationException fault = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());
        Assert.Contains("Management__Port", fault.Message, StringComparison.Ordinal);
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Start_UrlsAddedInCode_KeepsThemBesideTheManagementPort()
    {
        int added = RunningService.FreePort();
        await using RunningService service = await RunningService.StartAsync(map: app =>
        {
            app.Urls.Add($"http://127.0.0.1:{added}");
            app.MapGet("/", static () => "here");
        });
        Assert.Equal(added, service.Public.BaseAddress!.Port);
        Assert.Equal("here", await service.Public.GetStringAsync("/"));
        Assert.Equal(HttpStatusCode.OK, (await service.Management.GetAsync("/live")).StatusCode);
    }

    [Fact]
    public async Task GetReady_RequiredCheckFails_IsUnavailableAndLiveIsNot()
    {
        await using RunningService service = await RunningService.StartAsync(static builder => builder.Services.AddHealthChecks()
            .AddCheck("database", static () => HealthCheckResult.Unhealthy("Password=hunter2 refused"), ["ready"])
            .AddCheck("report", static () => HealthCheckResult.Healthy()));

        HttpResponseMessage ready = await service.Management.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("database", (await ready.JsonAsync()).GetProperty("waiting")[0].GetString());
        Assert.Equal(HttpStatusCode.OK, (await service.Management.GetAsync("/live")).StatusCode);

        JsonElement health = await (await service.Management.GetAsync("/health")).JsonAsync();
        Assert.Equal("unhealthy", health.GetProperty("status").GetString());
        Assert.Equal("healthy", health.GetProperty("entries").GetProperty("report").GetProperty("status").GetString());
        Assert.DoesNotContain("hunter2", health.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetReady_OnlyAnOptionalCheckFails_IsReady()
    {
        await using RunningService service = await RunningService.StartAsync(static builder => builder.Services.AddHealthChecks()
            .AddCheck("report", static () => HealthCheckResult.Unhealthy()));
        Assert.Equal(HttpStatusCode.OK, (await service.Management.GetAsync("/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await service.Management.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task GetReady_CheckHangs_AnswersInBoundedTime()
    {
        await using RunningService service = await RunningService.StartAsync(static builder => builder.Services.AddHealthChecks()
            .AddAsyncCheck("stuck", static async () =>
            {
                await Hanging.UntilAsync(CancellationToken.None);
                return HealthCheckResult.Healthy();
            }, ["ready"]));
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await service.Management.GetAsync("/ready", limit.Token)).StatusCode);
    }

    [Fact]
    public async Task GetReady_ManyProbesAtOnce_RunsTheChecksOnce()
    {
        int runs = 0;
        await using RunningService service = await RunningService.StartAsync(builder => builder.Services.AddHealthChecks()
            .AddCheck("counted", () =>
            {
                Interlocked.Increment(ref runs);
                return HealthCheckResult.Healthy();
            }));
        runs = 0;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => service.Management.GetAsync("/ready")));
        Assert.InRange(runs, 1, 3);
    }

    [Fact]
    public async Task GetReady_StopBegins_TurnsFalseWhileStillServing()
    {
        await using RunningService service = await RunningService.StartAsync(settings: [new("Server:DrainSeconds", "20"), new("Server:ShutdownTimeoutSeconds", "5")]);
        Assert.Equal(HttpStatusCode.OK, (await service.Management.GetAsync("/ready")).StatusCode);

        Task stop = service.App.StopAsync();
        HttpResponseMessage ready = await service.Management.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("stopping", (await ready.JsonAsync()).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.OK, (await service.Management.GetAsync("/live")).StatusCode);
        await stop.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task GetErrors_AfterUnexpectedFailure_ListsItRedacted()
    {
        await using RunningService service = await RunningService.StartAsync(map: static app =>
            app.MapGet("/things/{id}", static string (string id) => throw new InvalidOperationException($"no {id}, Password=hunter2")));
        await service.Public.GetAsync("/things/7");

        JsonElement error = (await service.Management.GetFromJsonAsync<JsonElement>("/errors")).GetProperty("items")[0];
        Assert.Equal("System.InvalidOperationException", error.GetProperty("type").GetString());
        Assert.Equal("GET /things/{id}", error.GetProperty("route").GetString());
        Assert.Matches("^[0-9a-f]{32}$", error.GetProperty("traceId").GetString());
        Assert.Equal("no 7, Password=[redacted]", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task GetAnything_InMemoryServer_IsNotFound()
    {
        (WebApplication app, _) = RunningService.Build(
            static builder => builder.WebHost.UseTestServer(), map: null, [new("Management:Port", $"{RunningService.FreePort()}")]);
        await app.StartAsync();
        using HttpClient client = app.GetTestClient();
        foreach (string path in ManagementPaths.Select(static row => row.Data))
        {
            await (await client.GetAsync(path)).ShouldBeProblemAsync(HttpStatusCode.NotFound, "not_found");
        }

        await app.DisposeAsync();
    }

    [Fact]
    public async Task GetAnything_NoManagementPort_IsNotFound()
    {
        (WebApplication app, _) = RunningService.Build(configure: null, map: null, []);
        await app.StartAsync();
        using HttpClient client = new() { BaseAddress = new Uri(app.Urls.Single()) };
        foreach (string path in ManagementPaths.Select(static row => row.Data))
        {
            Assert.Equal(StatusCodes.Status404NotFound, (int)(await client.GetAsync(path)).StatusCode);
        }

        await app.DisposeAsync();
    }
}
