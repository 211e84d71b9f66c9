using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Keeps a day's partition of the inbox ready for a week ahead and drops those older than the retention. Message ids
/// begin with their milliseconds since 1970 (RFC 9562 section 5.7), so a day is a range of ids.
/// </summary>
internal sealed partial class InboxPartitions(
    NpgsqlDataSource database,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<InboxPartitions> logger) : BackgroundService
{
    private const int DaysAhead = 7;
    private const string NameFormat = "'inbox_'yyyyMMdd";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        do
        {
            try
            {
                await MaintainAsync(stoppingToken);
            }
            catch (NpgsqlException fault)
            {
                // Rows go to the default partition meanwhile; nothing is lost by trying again in an hour.
                LogMaintenanceFailed(logger, fault);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task MaintainAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(hashtext('inbox_partitions'))", cancellationToken);
        var today = time.GetUtcNow().UtcDateTime.Date;
        for (var day = 0; day <= DaysAhead; day++)
        {
            await CreateAsync(connection, today.AddDays(day), cancellationToken);
        }

        foreach (var name in await OlderThanAsync(connection, today - options.Value.InboxRetention, cancellationToken))
        {
            await ExecuteAsync(connection, $"DROP TABLE {name}", cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The least UUIDv7 of that instant.</summary>
    internal static Guid Least(DateTime utc)
    {
        var milliseconds = (long)(utc - DateTime.UnixEpoch).TotalMilliseconds;
        return Guid.Parse($"{milliseconds:x12}00000000000000000000", CultureInfo.InvariantCulture);
    }

    private static Task CreateAsync(NpgsqlConnection connection, DateTime day, CancellationToken cancellationToken) =>
        ExecuteAsync(
            connection,
            $"""
            CREATE TABLE IF NOT EXISTS {day.ToString(NameFormat, CultureInfo.InvariantCulture)}
            PARTITION OF inbox FOR VALUES FROM ('{Least(day)}') TO ('{Least(day.AddDays(1))}')
            """,
            cancellationToken);

    private static async Task<List<string>> OlderThanAsync(
        NpgsqlConnection connection, DateTime oldest, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT child.relname FROM pg_inherits
            JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent = 'inbox'::regclass AND child.relname ~ '^inbox_\d{8}$' AND child.relname < @oldest
            """,
            connection);
        command.Parameters.AddWithValue("oldest", oldest.ToString(NameFormat, CultureInfo.InvariantCulture));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> names = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "The inbox's partitions could not be maintained")]
    private static partial void LogMaintenanceFailed(ILogger logger, Exception fault);
}
