using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Messaging;

/// <summary>Reads every few seconds how much waits in the outbox and since when, for the gauges.</summary>
internal sealed partial class OutboxGauges(
    NpgsqlDataSource database, MessagingMetrics metrics, TimeProvider time, ILogger<OutboxGauges> logger) : BackgroundService
{
    private const int CountedExactly = 10_000;

    // The oldest of each partition is the first entry of the index; counting millions would cost more than it tells.
    private const string Read =
        """
        WITH first AS (SELECT count(*) AS rows FROM (SELECT FROM outbox WHERE fault IS NULL LIMIT @most) AS counted)
        SELECT
            (SELECT min(head.occurred_at) FROM outbox_partitions p CROSS JOIN LATERAL (
                SELECT occurred_at FROM outbox o WHERE o.partition = p.partition AND o.fault IS NULL ORDER BY id LIMIT 1) head),
            CASE WHEN first.rows < @most THEN first.rows
                ELSE greatest(first.rows, (SELECT reltuples::bigint FROM pg_class WHERE oid = 'outbox'::regclass)) END,
            CASE WHEN first.rows < @most THEN (SELECT count(*) FROM outbox WHERE fault IS NOT NULL) END
        FROM first
        """;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await MeasureAsync(stoppingToken);
            }
            catch (NpgsqlException fault)
            {
                LogNotRead(logger, fault.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task MeasureAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.AddWithValue("most", CountedExactly);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        metrics.Waiting(
            await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(0),
            reader.GetInt64(1),
            await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetInt64(2));
    }

    [LoggerMessage(1, LogLevel.Debug, "The outbox's length could not be read: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string reason);
}
