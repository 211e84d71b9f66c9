using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Clients;

public sealed class ClientsTests
{
    [Fact]
    public async Task Start_DatabaseAndRedisAway_RunsAndIsNotReady()
    {
        await using RunningService service = await RunningService.StartAsync(
            static builder =>
            {
                builder.AddNpgsqlDataSource("identitydb");
                builder.AddRedisClient("redis");
            },
            map: static app => app.MapGet("/", static () => "here"),
            settings:
            [
                new("ConnectionStrings:identitydb", $"Host=127.0.0.1;Port={RunningService.FreePort()};Username=a;Password=hunter2-of-the-lake;Database=d"),
                new("ConnectionStrings:redis", $"127.0.0.1:{RunningService.FreePort()},password=hunter2-of-the-lake"),
            ]);
        Assert.Equal("here", await service.Public.GetStringAsync("/"));
        HttpResponseMessage ready = await service.Management.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        string[] waiting = [.. (await ready.JsonAsync()).GetProperty("waiting").EnumerateArray().Select(static one => one.GetString()!)];
        Assert.Equal(["PostgreSql", "StackExchange.Redis"], waiting.Order());

        JsonElement health = await (await service.Management.GetAsync("/health")).JsonAsync();
        Assert.DoesNotContain("hunter2-of-the-lake", health.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2-of-the-lake", service.Logs.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resolve_SectionAndConnectionString_ConnectionStringWins()
    {
        (WebApplication app, _) = RunningService.Build(
            static builder =>
            {
                builder.AddNpgsqlDataSource("one", static settings => settings.DisableHealthChecks = true);
                builder.AddKeyedNpgsqlDataSource("two");
            },
            map: null,
            [
                new("ConnectionStrings:one", "Host=from-connection-strings"), new("Aspire:Npgsql:ConnectionString", "Host=from-section"),
                new("Aspire:Npgsql:two:ConnectionString", "Host=from-named-section"),
            ]);
        Assert.Equal("Host=from-connection-strings", app.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        Assert.Equal("Host=from-named-section", app.Services.GetRequiredKeyedService<NpgsqlDataSource>("two").ConnectionString);
        await app.DisposeAsync();
    }
}
