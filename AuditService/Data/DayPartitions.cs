using System.Globalization;
using Npgsql;

namespace AuditService.Data;

/// <summary>
/// Keeps a day's partition of the log ready for a week ahead. What falls outside every day, a late or a wrongly dated
/// record, is caught by the default partition; days that come into reach get their rows moved out of it.
/// </summary>
internal sealed partial class DayPartitions(
    NpgsqlDataSource database, TimeProvider time, ILogger<DayPartitions> logger) : BackgroundService, IHostedLifecycleService
{
    /// <summary>Days after today that have a partition.</summary>
    internal const int DaysAhead = 7;

    private const int DaysBack = 365;

    /// <summary>Before the first consumer runs, so that no record of today goes to the default partition.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) => TryAsync(cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryAsync(stoppingToken);
        }
    }

    /// <summary>Makes the days from yesterday to a week ahead, and those of stray rows.</summary>
    internal async Task MaintainAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        SortedSet<DateOnly> days = [.. await StrayDaysAsync(connection, today, cancellationToken)];
        for (var ahead = -1; ahead <= DaysAhead; ahead++)
        {
            days.Add(today.AddDays(ahead));
        }

        days.ExceptWith(await ExistingAsync(connection, cancellationToken));
        foreach (var day in days)
        {
            await CreateAsync(connection, day, cancellationToken);
        }
    }

    private static async Task<List<DateOnly>> StrayDaysAsync(
        NpgsqlConnection connection, DateOnly today, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT DISTINCT (occurred_at AT TIME ZONE 'UTC')::date FROM audit_records_default
            WHERE occurred_at >= @from AND occurred_at < @to
            """,
            connection);
        command.Parameters.AddWithValue("from", Start(today.AddDays(-DaysBack)));
        command.Parameters.AddWithValue("to", Start(today.AddDays(DaysAhead + 1)));
        return await ReadAsync(command, reader => reader.GetFieldValue<DateOnly>(0), cancellationToken);
    }

    private static async Task<List<DateOnly>> ExistingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT substring(child.relname FROM '\d{8}$') FROM pg_inherits
            JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent = 'audit_records'::regclass AND child.relname ~ '^audit_records_\d{8}$'
            """,
            connection);
        return await ReadAsync(
            command,
            reader => DateOnly.ParseExact(reader.GetString(0), "yyyyMMdd", CultureInfo.InvariantCulture),
            cancellationToken);
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<T> values = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            values.Add(read(reader));
        }

        return values;
    }

    // Attached rather than made as a partition: that lets readers and writers go on (ALTER TABLE, "Notes"). Two replicas
    // meet at the lock; the second finds the table and does nothing.
    internal static async Task CreateAsync(NpgsqlConnection connection, DateOnly day, CancellationToken cancellationToken)
    {
        var name = $"audit_records_{day.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";
        var (from, to) = (Start(day).ToString("O"), Start(day.AddDays(1)).ToString("O"));
        await using var command = new NpgsqlCommand(
            $"""
            DO $$
            BEGIN
                SET LOCAL lock_timeout = '5s';
                PERFORM pg_advisory_xact_lock(hashtext('audit_partitions'));
                IF to_regclass('{name}') IS NOT NULL THEN
                    RETURN;
                END IF;
                CREATE TABLE {name} (LIKE audit_records INCLUDING ALL);
                LOCK TABLE audit_records_default IN ACCESS EXCLUSIVE MODE;
                WITH stray AS (
                    DELETE FROM audit_records_default WHERE occurred_at >= '{from}' AND occurred_at < '{to}' RETURNING *)
                INSERT INTO {name} SELECT * FROM stray;
                ALTER TABLE audit_records ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}');
            END $$
            """,
            connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static DateTime Start(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await MaintainAsync(cancellationToken);
        }
        catch (NpgsqlException fault)
        {
            // Rows go to the default partition meanwhile; nothing is lost by trying again in an hour.
            LogMaintenanceFailed(logger, fault);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The log's partitions could not be maintained")]
    private static partial void LogMaintenanceFailed(ILogger logger, Exception fault);
}
