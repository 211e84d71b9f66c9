using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServiceDefaults.Hosting;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Hosting;

public sealed class StartingTests
{
    [Fact]
    public async Task Start_SeveralFaults_NamesEveryKeyAndNoValue()
    {
        (WebApplication app, _) = RunningService.Build(
            static builder =>
            {
                builder.Services.AddValidatedOptions<MailOptions>("Mail");
                builder.AddNpgsqlDataSource("identitydb");
                builder.AddRedisClient("redis");
            },
            map: null,
            [
                new("Mail:Port", "70000"), new("Mail:Servers:1:Host", "mail2"), new("Mail:Servers:0:Weight", "3"),
                new("Resilience:Retries", "many"), new("Resilience:BreakerFailureRatio", "hunter2"), new("Management:Host", "a b"),
            ]);
        Exception fault = await Assert.ThrowsAnyAsync<Exception>(() => app.StartAsync());
        await app.DisposeAsync();
        string? message = StartFailure.Describe(fault);
        Assert.NotNull(message);
        foreach (string key in (string[])
        [
            "Mail__Sender", "Mail__Port", "Mail__Servers__0__Host", "Resilience__Retries", "Resilience__BreakerFailureRatio",
            "Management__Host", "ConnectionStrings__identitydb", "ConnectionStrings__redis",
        ])
        {
            Assert.Contains(key, message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_ConnectionStringMissing_DoesNotThrow()
    {
        (WebApplication app, _) = RunningService.Build(static builder => builder.AddNpgsqlDataSource("identitydb"), map: null, []);
        InvalidOperationException fault = Assert.Throws<InvalidOperationException>(app.Services.GetRequiredService<Npgsql.NpgsqlDataSource>);
        Assert.Contains("ConnectionStrings__identitydb", fault.Message, StringComparison.Ordinal);
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Start_AddressInUse_IsDescribed()
    {
        await using Upstream other = await Upstream.StartAsync(200);
        (WebApplication app, _) = RunningService.Build(configure: null, map: null, []);
        app.Urls.Add(other.Address);
        Exception fault = await Assert.ThrowsAnyAsync<Exception>(() => app.StartAsync());
        Assert.Contains(other.Address, StartFailure.Describe(fault), StringComparison.Ordinal);
        await app.DisposeAsync();
    }

    [Fact]
    public void Describe_OrdinaryException_LeavesItToTheRuntime() => Assert.Null(StartFailure.Describe(new InvalidOperationException()));

    [Fact]
    public async Task Get_Anything_DoesNotNameTheServer()
    {
        await using RunningService service = await RunningService.StartAsync(map: static app => app.MapGet("/", static () => "here"));
        Assert.False((await service.Public.GetAsync("/")).Headers.Contains("Server"));
        Assert.Equal(TimeSpan.FromSeconds(8), service.App.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    internal sealed class MailOptions
    {
        [Required]
        public string? Sender { get; set; }

        [Range(1, 65535)]
        public int Port { get; set; } = 25;

        public List<MailServer> Servers { get; } = [];
    }

    internal sealed class MailServer
    {
        [Required]
        public string? Host { get; set; }

        public int Weight { get; set; }
    }
}
