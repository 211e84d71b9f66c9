using System.Diagnostics;
using System.Diagnostics.Metrics;
using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Platform.LocalEngine.Testing;
using RabbitMQ.Client;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;
using ServiceDefaults.Messaging;

namespace Benchmarks;

/// <summary>
/// How many events a second one relay takes from the outbox to the broker's confirm, of 10,000 aggregates into a quorum
/// queue, while others are committed: with next to nothing waiting, and with a backlog.
/// </summary>
internal static class OutboxThroughput
{
    private const int Ahead = 20_000;
    private const int Step = 10_000;
    private const int LoadStep = 500_000;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    private static long _published;

    public static async Task<int> RunAsync(long backlog)
    {
        await using var servers = await TestApplication.Create<Projects.AppHost>(
            new TestApplicationOptions { Only = ["postgres", "messaging"], Durable = true }).BuildAsync();
        await servers.StartAsync();
        await servers.WaitAllHealthyAsync();
        var database = (await servers.GetConnectionStringAsync("auditdb"))!;
        var broker = (await servers.GetConnectionStringAsync("messaging"))!;
        await PrepareAsync(database, broker);
        using var listener = Listen();
        await using var source = NpgsqlDataSource.Create(database + ";Command Timeout=600");
        var empty = await MeasureAsync(source, database, broker, 0);
        Console.WriteLine(empty.Describe("no backlog"));
        if (backlog == 0)
        {
            return empty.PerSecond >= 5000 ? 0 : 1;
        }

        var filling = TimeProvider.System.GetTimestamp();
        for (var rows = 0L; rows < backlog; rows += LoadStep)
        {
            await AddAsync(source, (int)Math.Min(LoadStep, backlog - rows));
        }

        Console.WriteLine($"{backlog} rows of backlog written in {TimeProvider.System.GetElapsedTime(filling).TotalSeconds:0} s");
        var behind = await MeasureAsync(source, database, broker, backlog);
        Console.WriteLine(behind.Describe($"{backlog} rows of backlog"));
        Console.WriteLine($"with backlog / without: {behind.PerSecond / empty.PerSecond:0.00}");
        return empty.PerSecond >= 5000 && behind.PerSecond >= empty.PerSecond / 2 ? 0 : 1;
    }

    private static async Task PrepareAsync(string database, string broker)
    {
        await using var context = new BareContext(new DbContextOptionsBuilder<BareContext>().UseNpgsql(database).Options, new TenantScope());
        await context.Database.EnsureDeletedAsync();
        await context.Database.EnsureCreatedAsync();
        await context.Database.ExecuteSqlRawAsync(MessagingModel.InboxAndTrigger);
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var exchange = $"{typeof(UserRegistered).Namespace}:{nameof(UserRegistered)}";
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true);

        // Nobody reads here: the queue keeps the newest, so that it does not grow with the run.
        await channel.QueueDeclareAsync("benchmark", true, false, false, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "quorum",
            ["x-max-length"] = 10_000,
        });
        await channel.QueueBindAsync("benchmark", exchange, "");
    }

    private static async Task<Throughput> MeasureAsync(NpgsqlDataSource source, string database, string broker, long backlog)
    {
        await using var relay = await StartRelayAsync(database, broker);
        using var enough = new CancellationTokenSource();
        var start = Volatile.Read(ref _published);
        var feeding = FeedAsync(source, enough.Token);
        await PassAsync(WarmUp);
        var (before, began, processor) = (Volatile.Read(ref _published), TimeProvider.System.GetTimestamp(), ProcessorTime());
        await PassAsync(Window);
        var events = Volatile.Read(ref _published) - before;
        var result = new Throughput(events, TimeProvider.System.GetElapsedTime(began), ProcessorTime() - processor);
        await enough.CancelAsync();
        await feeding;
        if (backlog > 0 && Volatile.Read(ref _published) - start >= backlog)
        {
            throw new InvalidOperationException("The backlog was gone before the end.");
        }

        await relay.StopAsync();
        return result;
    }

    private static async Task<WebApplication> StartRelayAsync(string database, string broker)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:benchmarkdb"] = database,
            ["ConnectionStrings:messaging"] = broker,
            ["Urls"] = "http://127.0.0.1:0",
        });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddScoped<TenantScope>();
        builder.AddNpgsqlDataSource("benchmarkdb");
        builder.Services.AddDbContext<BareContext>((services, options) => options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>()));
        builder.AddMessaging<BareContext>("benchmark");
        var app = builder.Build();
        await app.StartAsync();
        return app;
    }

    /// <summary>Commits rows as fast as they are sent, so that the relay never has nothing to do.</summary>
    private static async Task FeedAsync(NpgsqlDataSource source, CancellationToken enough)
    {
        var (start, added) = (Volatile.Read(ref _published), 0L);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!enough.IsCancellationRequested)
        {
            if (added - (Volatile.Read(ref _published) - start) < Ahead)
            {
                await AddAsync(source, Step);
                added += Step;
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task AddAsync(NpgsqlDataSource source, int rows)
    {
        await using var command = source.CreateCommand(
            """
            INSERT INTO outbox (event_id, type, aggregate, partition, payload, occurred_at)
            SELECT id, 'UserRegistered', 'aggregate-' || n % 10000, n % 10000 % 16,
                '{"envelope":{"id":"' || id || '","occurredAt":"2026-11-21T12:00:00+00:00","tenantId":"00000000-0000-0000-0000-000000000001","actor":{"kind":"User","id":"01a1fc85-8e76-73cf-9cc2-5b1b069740a6","name":"ada"},"sessionId":"01a1fc85-8e76-73cf-9cc2-5b1b069740a7","address":"203.0.113.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64)","traceId":"0af7651916cd43dd8448eb211c80319c","elapsed":"00:00:00.0123"},"userId":"' || id || '","userName":"ada' || n || '","email":"ada' || n || '@example.org"}',
                now()
            FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, $1) AS n) AS new
            """);
        command.Parameters.Add(new() { Value = rows });
        await command.ExecuteNonQueryAsync();
    }

    private static MeterListener Listen()
    {
        MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Name == "platform.outbox.published")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(static (_, value, _, _) => Interlocked.Add(ref _published, value));
        listener.Start();
        return listener;
    }

    private static async Task PassAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private sealed record Throughput(long Events, TimeSpan Time, TimeSpan Processor)
    {
        public double PerSecond => Events / Time.TotalSeconds;

        public string Describe(string what) =>
            $"outbox to confirm, {what}: {PerSecond:0} events/s; {Processor.TotalMicroseconds / Events:0} us of processor an event, committing not counted";
    }

    private sealed class BareContext(DbContextOptions<BareContext> options, TenantScope tenants) : PlatformDbContext(options, tenants)
    {
        protected override void MapTables(ModelBuilder builder)
        {
            // Nothing but outbox and inbox.
        }
    }
}
