using System.Collections.Concurrent;
using Gateway.RateLimits;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gateway.Tests;

/// <summary>A change of the configuration while requests come in.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class RateLimitReloadTests(SharedGateway shared)
{
    private const string Me = "/api/v1/auth/me";

    [Fact]
    public async Task Limits_ThatChange_HoldWithoutARestartAndWhatWasUsedStillCounts()
    {
        var gateway = await shared.Around.StartGatewayAsync(changes: [("RateLimits:Policies:user:Permits", "2")]);
        var token = shared.Around.Issuer.User();
        await MustAnswerAsync(gateway, token, 200, 200, 429);

        gateway.Change(("RateLimits:Policies:user:Permits", "4"));
        await MustAnswerAsync(gateway, token, 200, 200, 429);
        var answer = await gateway.GetAsync(Me, shared.Around.Issuer.User());
        Assert.Contains("\"user\";q=4;w=60", string.Join(',', answer.Headers.GetValues("RateLimit-Policy")), StringComparison.Ordinal);

        gateway.Change(("RateLimits:Policies:user:Permits", "1"));
        await MustAnswerAsync(gateway, shared.Around.Issuer.User(), 200, 429);
        gateway.Change(("RateLimits:Default", "address"));
        await MustAnswerAsync(gateway, token, 200, 200, 200);
    }

    [Fact]
    public async Task Change_WhileRequestsComeIn_DropsNone()
    {
        var gateway = await shared.Around.StartGatewayAsync();
        var token = shared.Around.Issuer.User();
        using CancellationTokenSource enough = new();
        var load = Enumerable.Range(0, 4).Select(async _ =>
        {
            List<int> statuses = [];
            while (!enough.IsCancellationRequested)
            {
                statuses.Add((int)(await gateway.GetAsync(Me, token)).StatusCode);
            }

            return statuses;
        }).ToList();

        for (var turn = 1; turn <= 20; turn++)
        {
            gateway.Change(("RateLimits:Policies:user:Permits", $"{1_000_000 + turn}"), ("RateLimits:Policies:user:Window", turn % 2 == 0 ? "00:01:00" : "00:02:00"));
            await gateway.GetAsync(Me, token);
        }

        await enough.CancelAsync();
        Assert.All((await Task.WhenAll(load)).SelectMany(statuses => statuses), status => Assert.Equal(200, status));
    }

    [Fact]
    public void Change_WithFaults_IsRefusedWholeAndEachFaultIsLogged()
    {
        using Logs logs = new();
        var configuration = Changeable();
        using RateLimitPlans plans = Plans(configuration, logs);
        var before = plans.Current;

        configuration["RateLimits:Policies:address:Permits"] = "77";
        configuration["RateLimits:Policies:address:Window"] = "00:00:01.5";
        configuration["RateLimits:Policies:Bad Name:Partition"] = "User";
        configuration["RateLimits:Policies:Bad Name:Permits"] = "0";
        configuration["RateLimits:Policies:Bad Name:Window"] = "00:01:00";
        configuration["RateLimits:Default"] = "address nowhere";
        configuration["ReverseProxy:Routes:one:Metadata:RateLimits"] = "-unknown";
        configuration.Reload();

        Assert.Same(before, plans.Current);
        Assert.Equal(10, plans.Current.Policies.Single().Quota.Permits);
        var logged = Assert.Single(logs.Lines);
        foreach (var fault in (string[])["address:Window", "Bad Name", "Bad Name:Permits", "'nowhere'", "Routes:one", "'unknown'"])
        {
            Assert.Contains(fault, logged, StringComparison.Ordinal);
        }

        // What cannot even be read is named too, and the next good one is taken.
        configuration["RateLimits:Policies:address:Permits"] = "many";
        configuration.Reload();
        Assert.Contains("RateLimits:Policies:address:Permits", logs.Lines.Last(), StringComparison.Ordinal);
        Assert.Same(before, plans.Current);
        foreach (var (key, value) in ((string, string?)[])[("Policies:address:Permits", "77"), ("Policies:address:Window", "00:00:02"), ("Policies:Bad Name:Permits", "1"), ("Default", "address")])
        {
            configuration[$"RateLimits:{key}"] = value;
        }

        configuration["ReverseProxy:Routes:one:Metadata:RateLimits"] = "none";
        configuration.Reload();
        Assert.Same(before, plans.Current); // the name is bad still
    }

    [Fact]
    public async Task Route_ThatNamesAPolicyThatDoesNotExist_IsRefusedOnAReload()
    {
        var gateway = await shared.Around.StartGatewayAsync(changes: [("RateLimits:Policies:user:Permits", "1")]);
        gateway.Change(("ReverseProxy:Routes:auth:Metadata:RateLimits", "nowhere"));

        await MustAnswerAsync(gateway, shared.Around.Issuer.User(), 200, 429);
    }

    [Theory]
    [InlineData("RateLimits:Default", "nowhere", "nowhere")]
    [InlineData("RateLimits:Default", "", "RateLimits:Default")]
    [InlineData("RateLimits:Policies:user:Permits", "0", "RateLimits:Policies:user:Permits")]
    [InlineData("RateLimits:Policies:user:Partition", "Nobody", "RateLimits:Policies:user:Partition")]
    [InlineData("RateLimits:AddressPrefix", "20", "RateLimits:AddressPrefix")]
    [InlineData("ReverseProxy:Routes:auth:Metadata:RateLimits", "sign-inn", "sign-inn")]
    public async Task Start_WithAFault_IsStopped(string key, string value, string named)
    {
        var fault = await Record.ExceptionAsync(() => shared.Around.StartGatewayAsync(ready: false, changes: [(key, value)]));

        Assert.Contains(named, fault?.ToString() ?? "started", StringComparison.Ordinal);
    }

    private static async Task MustAnswerAsync(GatewayHost gateway, string token, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            var answer = await gateway.GetAsync(Me, token);
            Assert.True(status == (int)answer.StatusCode, $"expected {status}, was {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private static IConfigurationRoot Changeable() => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
    {
        ["RateLimits:Default"] = "address",
        ["RateLimits:Policies:address:Partition"] = "Address",
        ["RateLimits:Policies:address:Permits"] = "10",
        ["RateLimits:Policies:address:Window"] = "00:00:01",
    }).Build();

    private static RateLimitPlans Plans(IConfiguration configuration, Logs logs)
    {
        ServiceCollection services = new();
        services.AddSingleton(configuration);
        services.AddValidatedOptions<RateLimitOptions>(RateLimitOptions.Section);
        services.AddSingleton<IValidateOptions<RateLimitOptions>, RateLimitRules>();
        services.AddLogging(logging => logging.AddProvider(logs));
        services.AddSingleton<RateLimitPlans>();
        return services.BuildServiceProvider().GetRequiredService<RateLimitPlans>();
    }

    private sealed class Logs : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
