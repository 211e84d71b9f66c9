using System.Net;
using Gateway.RateLimits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Testing;
using StackExchange.Redis;

namespace Gateway.Tests.Support;

/// <summary>One gateway's limiter without the rest of it, so that many requests cost little. Its one policy is <c>address</c>.</summary>
internal sealed class LimiterHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly RateLimiter _limiter;

    private LimiterHost(WebApplication app)
    {
        _app = app;
        _limiter = app.Services.GetRequiredService<RateLimiter>();
        Sharing = app.Services.GetRequiredService<PermitSharing>();
    }

    public PermitSharing Sharing { get; }

    public LimitPolicy Policy => _app.Services.GetRequiredService<RateLimitPlans>().Current.Policies.Single(policy => policy.Name == "address");

    public static async Task<LimiterHost> StartAsync(string redis, string gateway, int permits, int seconds, bool shared = true, params (string Key, string Value)[] changes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["RateLimits:Default"] = "address",
            ["RateLimits:Policies:address:Partition"] = "Address",
            ["RateLimits:Policies:address:Permits"] = permits.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["RateLimits:Policies:address:Window"] = TimeSpan.FromSeconds(seconds).ToString(),
            ["RateLimits:Gateways"] = "2",
            ["RateLimits:Patience"] = "00:00:03", // on a busy machine Redis would count as away
        });
        builder.Configuration.AddInMemoryCollection(changes.Select(change => KeyValuePair.Create(change.Key, (string?)change.Value)));
        var options = ConfigurationOptions.Parse(redis);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(100);
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(options));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new GatewayInstance(gateway));
        builder.AddRateLimits();
        LimiterHost host = new(builder.Build());
        await host.Sharing.StartAsync(default);
        if (shared)
        {
            await host.MustShareAsync();
        }

        return host;
    }

    public Task MustShareAsync() => Eventually.Async(() => Sharing.IsShared, TimeSpan.FromSeconds(20), "the limits were not shared");

    public Task MustBeLocalAsync() => Eventually.Async(() => !Sharing.IsShared, TimeSpan.FromSeconds(20), "the loss of Redis was not noticed");

    public async Task<bool> TryAsync(string address = "192.0.2.1")
    {
        DefaultHttpContext context = new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        return await _limiter.AdmitByAddressAsync(context, new RequestLimits(_limiter.PlanOf(context)));
    }

    /// <summary>Tries so often, one after another, and counts those admitted.</summary>
    public async Task<int> TryAsync(int times, string address = "192.0.2.1")
    {
        var admitted = 0;
        for (var time = 0; time < times; time++)
        {
            admitted += await TryAsync(address) ? 1 : 0;
        }

        return admitted;
    }

    /// <summary>Ends as a killed process does: nothing is told or given back.</summary>
    public void Kill() => Sharing.Dispose();

    public async ValueTask DisposeAsync()
    {
        await Sharing.StopAsync(default);
        await _app.DisposeAsync();
    }
}
