using AuditService.Data;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.Statistics;

/// <summary>
/// Adds what was recorded to the statistics, in the order of leaves. The leaf it has come to moves in the same transaction,
/// so a record is in them once, whatever is killed when. Replicas take turns.
/// </summary>
internal sealed partial class StatisticsRoll(
    NpgsqlDataSource database, StatisticsMetrics metrics, IOptions<StatisticsOptions> options, TimeProvider time, ILogger<StatisticsRoll> logger)
    : BackgroundService
{
    /// <summary>Also for whoever drops records: what was dropped must not be added afterwards.</summary>
    public const string Lock = "SELECT next FROM audit_statistics_progress FOR UPDATE";

    // A quiet log is not written to.
    private const string Turn =
        "SELECT next FROM audit_statistics_progress WHERE next < (SELECT size FROM audit_tree) FOR UPDATE SKIP LOCKED";

    private const string Add =
        """
        WITH fresh AS MATERIALIZED (
            SELECT coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') AS tenant_id, (occurred_at AT TIME ZONE 'UTC')::date AS day,
                actor_id, action, severity, result, count(*) AS records
            FROM audit_records WHERE leaf_index >= $1 AND leaf_index < $2
            GROUP BY 1, 2, 3, 4, 5, 6),
        actors AS (
            INSERT INTO audit_statistics_actors AS kept (tenant_id, day, actor_id, action, severity, result, records)
            SELECT tenant_id, day, actor_id, action, severity, result, records FROM fresh
            ORDER BY tenant_id, day, actor_id, action, severity, result
            ON CONFLICT (tenant_id, day, actor_id, action, severity, result) DO UPDATE SET records = kept.records + excluded.records)
        INSERT INTO audit_statistics_actions AS kept (tenant_id, day, action, severity, result, records)
        SELECT tenant_id, day, action, severity, result, sum(records) FROM fresh GROUP BY tenant_id, day, action, severity, result
        ON CONFLICT (tenant_id, day, action, severity, result) DO UPDATE SET records = kept.records + excluded.records
        """;

    /// <summary>Adds all there is.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await AddAsync(cancellationToken))
        {
            // the next ones
        }
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
            catch (NpgsqlException fault)
            {
                // Questions count meanwhile what is not in the tables.
                LogNotAdded(logger, fault.Message);
            }
        }
    }

    /// <summary>Gives back whether there is more.</summary>
    private async Task<bool> AddAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await connection.ScalarAsync(Turn, cancellationToken) is not long next)
        {
            return false;
        }

        // The size is committed with the records: whoever sees it sees them.
        var size = (long)(await connection.ScalarAsync("SELECT size FROM audit_tree", cancellationToken))!;
        var end = Math.Min(size, next + options.Value.MostAtOnce);
        metrics.Behind(size - end);
        await connection.ExecuteAsync(Add, cancellationToken, next, end);
        await connection.ExecuteAsync("UPDATE audit_statistics_progress SET next = $1", cancellationToken, end);
        await transaction.CommitAsync(cancellationToken);
        return end < size;
    }

    [LoggerMessage(1, LogLevel.Warning, "The statistics could not be brought up to date: {Reason}")]
    private static partial void LogNotAdded(ILogger logger, string reason);
}
