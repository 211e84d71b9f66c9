using System.Data;
using System.Globalization;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Recording;
using AuditService.Statistics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.Retention;

/// <summary>
/// Drops the partitions whose time is over and that no legal hold needs. In the same transaction it keeps which leaf each
/// record had, signs an anchor and tells the log; the tree itself stays whole, so every proof stays good.
/// </summary>
internal sealed partial class DroppingPartitions(
    IServiceScopeFactory scopes,
    LogKey key,
    RetentionMetrics metrics,
    IOptions<RetentionOptions> options,
    TimeProvider time,
    ILogger<DroppingPartitions> logger) : BackgroundService
{
    /// <summary>Drops what is due.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var oldest = today.AddDays(-options.Value.Days);
        var due = await DueAsync((NpgsqlConnection)database.Database.GetDbConnection(), today, oldest, cancellationToken);
        var held = 0;
        foreach (var day in due)
        {
            held += await DropAsync(database, day, oldest, cancellationToken) ? 0 : 1;
        }

        metrics.Held(held);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or DbUpdateException or InvalidOperationException { InnerException: NpgsqlException })
            {
                // What could not be dropped now is dropped the next time.
                LogNotDropped(logger, fault);
            }
        }
    }

    private static string Name(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>Days whose partitions may go; for records that lie in the default partition they are made, so that they can.</summary>
    private static async Task<List<DateOnly>> DueAsync(
        NpgsqlConnection connection, DateOnly today, DateOnly oldest, CancellationToken cancellationToken)
    {
        if (connection.State != ConnectionState.Open)
        {
            await connection.OpenAsync(cancellationToken);
        }

        foreach (var stray in await ReadAsync<DateOnly>(connection, PartitionStatements.StrayDays, cancellationToken, oldest.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)))
        {
            await DayPartitions.CreateAsync(connection, stray, cancellationToken);
        }

        var names = await ReadAsync<string>(
            connection, PartitionStatements.Due, cancellationToken, Name(oldest), Name(today.AddDays(DayPartitions.DaysAhead + 1)));
        return [.. names.Select(name => DateOnly.ParseExact(name, "yyyyMMdd", CultureInfo.InvariantCulture))];
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string statement, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = connection.Command(statement, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<T> values = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            values.Add(await reader.GetFieldValueAsync<T>(0, cancellationToken));
        }

        return values;
    }

    private async Task<bool> DropAsync(AuditDbContext database, DateOnly day, DateOnly oldest, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        var table = $"audit_records_{Name(day)}";

        // Holds cannot be placed meanwhile, nor partitions made or dropped by another replica.
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtext('audit_partitions'))", cancellationToken);
        await connection.ExecuteAsync("LOCK TABLE audit_holds IN SHARE MODE", cancellationToken);
        if (await connection.ScalarAsync($"SELECT to_regclass('{table}')::text", cancellationToken) is not string
            || await connection.ScalarAsync(PartitionStatements.HasLate(table), cancellationToken, oldest.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)) is true
            || await connection.ScalarAsync(PartitionStatements.IsHeld(table), cancellationToken) is true)
        {
            return false;
        }

        await connection.ExecuteAsync($"LOCK TABLE {table} IN SHARE MODE", cancellationToken);
        await connection.ExecuteAsync(StatisticsRoll.Lock, cancellationToken);
        foreach (var forget in PartitionStatements.ForgetDay)
        {
            await connection.ExecuteAsync(forget, cancellationToken, day);
        }

        var (records, leaves) = await LeavesAsync(connection, table, cancellationToken);
        await connection.ExecuteAsync(PartitionStatements.KeepPlaces(table), cancellationToken);
        await connection.ExecuteAsync(
            PartitionStatements.KeepAnchor, cancellationToken,
            day, records, leaves, RetentionAnchor.Sign(key.Value, day, records, leaves), time.GetUtcNow());
        await connection.ExecuteAsync($"DROP TABLE {table}", cancellationToken);
        Tell(database, day, records);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Dropped(records);
        return true;
    }

    private void Tell(AuditDbContext database, DateOnly day, long records)
    {
        var now = time.GetUtcNow();
        database.AddEvent(
            new AuditRecorded(
                new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("audit"), null, null, null, null),
                AuditActions.PartitionDropped,
                "audit_partition",
                Name(day),
                AuditSeverity.Notice,
                AuditResult.Success,
                Detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["records"] = records.ToString(CultureInfo.InvariantCulture) }),
            AuditActions.PartitionDropped);
    }

    private static async Task<(long Records, string Leaves)> LeavesAsync(
        NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        await using var command = connection.Command(PartitionStatements.Leaves(table));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetString(1));
    }

    [LoggerMessage(1, LogLevel.Warning, "A partition whose time is over could not be dropped")]
    private static partial void LogNotDropped(ILogger logger, Exception fault);
}
