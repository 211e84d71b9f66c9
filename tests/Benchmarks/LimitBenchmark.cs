using System.Net;
using Aspire.Hosting.Testing;
using Gateway;
using Gateway.RateLimits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.LocalEngine.Testing;
using StackExchange.Redis;

namespace Benchmarks;

/// <summary>
/// Rate limits: what one check costs a request at 100,000 partitions, and how exactly two gateways share a limit of
/// 1,000/s over Redis when 3,000/s are offered to them.
/// </summary>
internal static class LimitBenchmark
{
    private const int Partitions = 100_000;
    private const int Limit = 1_000;
    private const int OfferedToEach = 1_500;
    private const int Seconds = 10;

    public static async Task<int> RunAsync()
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Only = ["redis"] }).BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        var redis = await app.GetConnectionStringAsync("redis") ?? throw new InvalidOperationException("redis has no connection string.");
        await CostAsync(redis);
        return await ShareAsync(redis) ? 0 : 1;
    }

    private static async Task CostAsync(string redis)
    {
        await using var gateway = await StartAsync(redis, "cost", 1_000_000_000, 3600, "RateLimits:MostPartitions=200000");
        var limiter = gateway.Services.GetRequiredService<RateLimiter>();
        DefaultHttpContext context = new();
        var addresses = Enumerable.Range(0, Partitions).Select(client => new IPAddress([10, (byte)(client >> 16), (byte)(client >> 8), (byte)client])).ToArray();
        List<double> nanoseconds = [];
        double bytes = 0, header = 0;
        var plan = limiter.PlanOf(context);
        for (var run = -3; run < 15; run++)
        {
            var requests = Enumerable.Range(0, Partitions).Select(_ => new RequestLimits(plan)).ToArray();
            GC.Collect();
            var (began, before) = (TimeProvider.System.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            for (var client = 0; client < Partitions; client++)
            {
                context.Connection.RemoteIpAddress = addresses[client];
                if (!limiter.AdmitByAddressAsync(context, requests[client]).Result)
                {
                    throw new InvalidOperationException("Refused.");
                }
            }

            if (run >= 0)
            {
                nanoseconds.Add(TimeProvider.System.GetElapsedTime(began).TotalNanoseconds / Partitions);
                bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Partitions;
            }
        }

        HeaderDictionary headers = [];
        RequestLimits last = new(plan);
        await limiter.AdmitByAddressAsync(context, last);
        last.WriteTo(headers);
        var start = GC.GetAllocatedBytesForCurrentThread();
        for (var time = 0; time < 1000; time++)
        {
            last.WriteTo(headers);
        }

        header = (GC.GetAllocatedBytesForCurrentThread() - start) / 1000.0;
        nanoseconds.Sort();
        Console.WriteLine(FormattableString.Invariant(
            $"one check, {Partitions} partitions: median {nanoseconds[nanoseconds.Count / 2]:0} ns, slowest run {nanoseconds[^1]:0} ns, {bytes:0.0} bytes; its headers {header:0} bytes"));
    }

    private static async Task<bool> ShareAsync(string redis)
    {
        await using var one = await StartAsync(redis, "one", Limit, 1);
        await using var other = await StartAsync(redis, "other", Limit, 1);
        var admitted = await Task.WhenAll(Task.Run(() => OfferAsync(one)), Task.Run(() => OfferAsync(other)));
        var sum = admitted.Sum(static result => result.Admitted);
        var ratio = sum / (double)(Limit * Seconds);
        Console.WriteLine(FormattableString.Invariant(
            $"two gateways, limit {Limit}/s, offered {admitted.Sum(static result => result.Offered) / Seconds}/s for {Seconds} s: admitted {admitted[0].Admitted} + {admitted[1].Admitted} = {sum}, ratio {ratio:0.0000}"));
        return Math.Abs(ratio - 1) <= 0.02;
    }

    /// <summary>Requests at an even rate; each is awaited beside the next.</summary>
    private static async Task<(int Offered, int Admitted)> OfferAsync(WebApplication gateway)
    {
        var limiter = gateway.Services.GetRequiredService<RateLimiter>();
        List<Task<bool>> answers = [];
        var began = TimeProvider.System.GetTimestamp();
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(1));
        while (TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed.TotalSeconds < Seconds)
        {
            for (var due = (int)(elapsed.TotalSeconds * OfferedToEach); answers.Count < due;)
            {
                DefaultHttpContext context = new() { Connection = { RemoteIpAddress = IPAddress.Loopback } };
                answers.Add(limiter.AdmitByAddressAsync(context, new RequestLimits(limiter.PlanOf(context))).AsTask());
            }

            await tick.WaitForNextTickAsync();
        }

        return (answers.Count, (await Task.WhenAll(answers)).Count(static admitted => admitted));
    }

    private static async Task<WebApplication> StartAsync(string redis, string name, int permits, int seconds, params string[] changes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["RateLimits:Default"] = "address",
            ["RateLimits:Policies:address:Partition"] = "Address",
            ["RateLimits:Policies:address:Permits"] = FormattableString.Invariant($"{permits}"),
            ["RateLimits:Policies:address:Window"] = TimeSpan.FromSeconds(seconds).ToString(),
        });
        builder.Configuration.AddInMemoryCollection(changes.Select(static change => change.Split('=')).Select(static change => KeyValuePair.Create(change[0], (string?)change[1])));
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(redis));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new GatewayInstance(name));
        builder.AddRateLimits();
        var gateway = builder.Build();
        var sharing = gateway.Services.GetRequiredService<PermitSharing>();
        await sharing.StartAsync(default);
        while (!sharing.IsShared)
        {
            await sharing.NextRound;
        }

        return gateway;
    }
}
