using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Sends the outbox to the broker, at least once and in order for each aggregate.
/// <list type="number">
/// <item>Lock a partition that has rows; another relay skips it (<c>FOR UPDATE SKIP LOCKED</c>).</item>
/// <item>Read its oldest rows in order.</item>
/// <item>Publish them by <see cref="OutboxPublisher"/>.</item>
/// <item>Delete the confirmed rows and commit. Killed before that, the rows are sent again and the inboxes drop them.</item>
/// </list>
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource database,
    OutboxPublisher publisher,
    OutboxWakeUp wakeUp,
    MessagingMetrics metrics,
    IOptions<MessagingOptions> options,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    // Enough to get past a queue that is not there yet, and no more than a run can hold and the broker can refuse again.
    private const int MostRefused = 10_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.Zero;
        var takenBack = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await wakeUp.WaitAsync(pause > TimeSpan.Zero ? pause : options.Value.RelayPoll, stoppingToken);
                if (!takenBack)
                {
                    await OutboxTable.TakeBackAsync(database, stoppingToken);
                    takenBack = true;
                }

                pause = await DrainAsync(stoppingToken) ? TimeSpan.Zero : options.Value.RelayPoll;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or MassTransitException or OperationCanceledException
                or TimeoutException or RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException or InvalidOperationException)
            {
                pause = TimeSpan.FromMilliseconds(Math.Min(Math.Max(pause.TotalMilliseconds * 2, 250), 5000));
                metrics.RelayFailed(fault);
                LogRelayFailed(logger, pause, fault);
            }
        }
    }

    /// <summary>Sends until no partition that this relay can lock has rows; false when some had to stay.</summary>
    private async Task<bool> DrainAsync(CancellationToken cancellationToken)
    {
        List<short> done = [];
        HashSet<string> refused = new(StringComparer.Ordinal);
        while (true)
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            if (await OutboxTable.LockPartitionAsync(connection, done, options.Value.RelayLease, cancellationToken) is not { } partition)
            {
                return done.Count == 0;
            }

            var rows = await OutboxTable.ReadAsync(connection, partition, refused, options.Value.RelayBatch, cancellationToken);
            var batch = await publisher.PublishAsync(rows, cancellationToken);
            await OutboxTable.DeleteAsync(connection, batch.Sent, cancellationToken);
            await OutboxTable.SetAsideAsync(connection, batch.Unsendable, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            refused.UnionWith(batch.Refused);

            // Those behind refused aggregates get their turn. Nothing new refused, and still not all gone: the broker is
            // away, and the next batch would only wait as long again.
            var brokerAway = batch.Sent.Count + batch.Unsendable.Count < rows.Count && batch.Refused.Count == 0;
            if (rows.Count == 0 || brokerAway || refused.Count > MostRefused)
            {
                done.Add(partition);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The outbox could not be relayed; trying again in {Pause}")]
    private static partial void LogRelayFailed(ILogger logger, TimeSpan pause, Exception fault);
}
