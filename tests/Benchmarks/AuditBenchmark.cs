using System.Globalization;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Exporting;
using AuditService.Reading;
using AuditService.Recording;
using AuditService.Statistics;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace Benchmarks;

/// <summary>
/// The audit log on a PostgreSQL that syncs its commits: records as the gateway sends them, cleaned, hashed, added to the
/// tree and published in checkpoints, beside COPY of the same rows into the same table and nothing else; then questions,
/// proofs and exports of the log that came of it.
/// </summary>
internal static class AuditBenchmark
{
    private const int Batch = 500;
    private const int Writers = 8;
    private const int PlainRows = 2000;
    private const int Queries = 200;
    private static readonly Guid Tenant = Guid.Parse("00000000-0000-0000-0000-000000000001");

    public static async Task<int> RunAsync(TimeSpan duration, long records)
    {
        await using var servers = await AuditServers.StartAsync();
        var plain = await PlainAsync(await servers.DatabaseAsync("plain"), TimeSpan.FromSeconds(Math.Min(20, duration.TotalSeconds)));
        await using var log = await StartLogAsync(await servers.DatabaseAsync("evidence"), servers.Folder);
        var writer = log.Services.GetRequiredService<RecordWriter>();
        await FillAsync(writer, 50_000, TimeSpan.MaxValue); // what is compiled and cached at first use
        var before = Environment.CpuUsage.TotalTime;
        var (written, took) = await FillAsync(writer, long.MaxValue, duration);
        var rate = written / took.TotalSeconds;
        var processor = Environment.CpuUsage.TotalTime - before;
        Console.WriteLine(FormattableString.Invariant($"COPY alone                         {plain,8:0} records/s"));
        Console.WriteLine(FormattableString.Invariant($"recorded with evidence             {rate,8:0} records/s over {took.TotalSeconds:0} s, {rate / plain:0.00} of COPY alone; processor time of the service and of making the records {processor.TotalMicroseconds / written:0.0} us a record"));
        await FillAsync(writer, Math.Max(0, records - written - 50_000), TimeSpan.MaxValue);
        await AskAsync(log);
        await CountAsync(log);
        await ProveAsync(log);
        await ExportAsync(log);
        await log.StopAsync();
        return 0;
    }

    private static async Task<WebApplication> StartLogAsync(string database, string folder)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Configuration["ConnectionStrings:auditdb"] = database;
        builder.Configuration["Evidence:EncryptionKey"] = "a key to measure with, 0123456789";
        builder.Configuration["Evidence:CheckpointFolder"] = folder;
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddDatabase<AuditDbContext>("auditdb");
        builder.AddEvidence();
        builder.Services.AddValidatedOptions<RecordingOptions>(RecordingOptions.Section);
        builder.Services.AddSingleton<RecordingMetrics>();
        builder.Services.AddSingleton<FrequentWords>();
        builder.Services.AddValidatedOptions<StatisticsOptions>(StatisticsOptions.Section);
        builder.Services.AddSingleton<StatisticsMetrics>();
        builder.Services.AddSingleton<StatisticsRoll>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StatisticsRoll>());
        builder.Services.AddHostedService<DayPartitions>();
        builder.Services.AddSingleton<RecordWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RecordWriter>());
        var app = builder.Build();
        await app.StartAsync();
        return app;
    }

    private static async Task<double> PlainAsync(string database, TimeSpan duration)
    {
        await using var log = await StartLogAsync(database, Directory.CreateTempSubdirectory("audit-plain-").FullName);
        await using var connection = await log.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        var random = new Random(1);
        long rows = 0;
        var began = TimeProvider.System.GetTimestamp();
        var next = Rows(random, PlainRows);
        for (; TimeProvider.System.GetElapsedTime(began) < duration; rows += PlainRows)
        {
            // The rows of the next COPY are made during this one, as the other side has it.
            var making = Task.Run(() => Rows(random, PlainRows));
            await RecordCopy.WriteAsync(connection, [.. next.Select((row, at) => (row, rows + at, new byte[16]))], default);
            next = await making;
        }

        var rate = rows / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        await log.StopAsync();
        return rate;
    }

    private static async Task<(long Written, TimeSpan Took)> FillAsync(RecordWriter writer, long records, TimeSpan duration)
    {
        long written = 0;
        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            while (TimeProvider.System.GetElapsedTime(began) < duration && Interlocked.Add(ref written, Batch) <= records)
            {
                await writer.StoreAsync(Rows(random, Batch), default);
            }
        })));
        return (written, TimeProvider.System.GetElapsedTime(began));
    }

    /// <summary>What a gateway tells of requests, through the same code as what comes over the bus.</summary>
    private static List<AuditRow> Rows(Random random, int count)
    {
        List<AuditRow> rows = new(count);
        for (var at = 0; at < count; at++)
        {
            var now = TimeProvider.System.GetUtcNow();
            var user = random.Next(500);
            var status = random.Next(100) switch { 0 => 500, 1 or 2 => 401, 3 or 4 => 404, _ => 200 };
            var request = new RequestRecord(
                Guid.CreateVersion7(now), now, Tenant, new Actor(ActorKind.User, $"user-{user}", $"User {user}"), $"session-{user}",
                $"10.0.{user % 7}.{user % 11}", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "GET",
                $"/api/v1/devices/{random.Next(5000)}", "devices", status, TimeSpan.FromMilliseconds(random.NextDouble() * 30),
                random.NextInt64().ToString("x16", CultureInfo.InvariantCulture) + "48eb211c80319c00", $"request-{random.Next()}");
            rows.Add(AuditRow.From(request, "gateway-1", new Cleaning(65_536), now));
        }

        return rows;
    }

    private static async Task AskAsync(WebApplication log)
    {
        await using var scope = log.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().Enter(Tenant);
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        var common = log.Services.GetRequiredService<FrequentWords>();
        await database.Database.ExecuteSqlRawAsync("VACUUM ANALYZE audit_records");
        Console.WriteLine(FormattableString.Invariant($"records in the log: {await database.Records.LongCountAsync()}"));
        (string Name, RecordFilter Filter)[] questions =
        [
            ("page, newest", new()),
            ("page, one user", new() { UserId = "user-77" }),
            ("page, denied", new() { Result = "denied" }),
            ("page, warnings", new() { Severity = "warning" }),
            ("page, one address", new() { Address = "10.0.3.7" }),
            ("search, one word", new() { Text = "4242" }),
            ("search, two words", new() { Text = "devices 4242" }),
            ("search, a common word", new() { Text = "firefox" }),
        ];
        foreach (var (name, filter) in questions)
        {
            var samples = new Samples(name);
            for (var turn = 0; turn < Queries; turn++)
            {
                await samples.TimeAsync(async () => await ListRecords.Lines(await filter.ApplyAsync(database.Records, common, default), 50).ToListAsync());
            }

            Console.WriteLine(FormattableString.Invariant($"{samples}   p95 {samples.Percentile(95):0.0} ms"));
        }
    }

    private static async Task CountAsync(WebApplication log)
    {
        await log.Services.GetRequiredService<StatisticsRoll>().RunAsync(default);
        await using var scope = log.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().Enter(Tenant);
        var statistics = new StatisticsQuery(log.Services.GetRequiredService<NpgsqlDataSource>(), scope.ServiceProvider.GetRequiredService<TenantScope>());
        var filter = new StatisticsFilter();
        var days = filter.Days(DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        foreach (var by in new[] { StatisticsKey.Day, StatisticsKey.Action, StatisticsKey.User, StatisticsKey.Severity, StatisticsKey.Result })
        {
            var samples = new Samples($"statistics by {by}");
            for (var turn = 0; turn < Queries; turn++)
            {
                await samples.TimeAsync(() => statistics.RunAsync(by, filter, days, 50, default));
            }

            Console.WriteLine(FormattableString.Invariant($"{samples}   p95 {samples.Percentile(95):0.0} ms"));
        }
    }

    // All of the log, as the route streams it; of memory what is alive, looked at every ten thousand lines.
    private static async Task ExportAsync(WebApplication log)
    {
        await using var scope = log.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().Enter(Tenant);
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        foreach (var format in new[] { RecordStream.Ndjson, RecordStream.Csv, RecordStream.Ocsf })
        {
            await using var sink = new CountingStream();
            var began = TimeProvider.System.GetTimestamp();
            await RecordStream.WriteAsync(sink, database.Records, format, default);
            var took = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            Console.WriteLine(FormattableString.Invariant(
                $"export, {format,-6}                     {sink.Lines / took,8:0} records/s, {sink.Lines} in {took:0} s, {sink.Length >> 20} MB; alive in memory {sink.Least >> 20} to {sink.Most >> 20} MB"));
        }
    }

    private static async Task ProveAsync(WebApplication log)
    {
        await using var connection = await log.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        var (size, _) = await TreeStore.HeadAsync(connection, default);
        var random = new Random(2);
        var samples = new Samples("inclusion proof");
        for (var turn = 0; turn < Queries; turn++)
        {
            var index = random.NextInt64(size);
            await samples.TimeAsync(() => TreeStore.ComputeAsync(connection, tree => tree.Inclusion(index, size), default));
        }

        Console.WriteLine(samples);
    }
}
