using System.Diagnostics;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Sends the outbox to the broker, at least once and in order for each aggregate.
/// <list type="number">
/// <item>Lock a partition that has rows; another relay skips it (<c>FOR UPDATE SKIP LOCKED</c>).</item>
/// <item>Read its oldest rows in order.</item>
/// <item>Publish: aggregates side by side, the events of one aggregate one after the other; each awaits its confirm.</item>
/// <item>Delete the confirmed rows and commit. Killed before that, the rows are sent again and the inboxes drop them.</item>
/// </list>
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource database,
    IBus bus,
    OutboxWakeUp wakeUp,
    MessagingMetrics metrics,
    IOptions<MessagingOptions> options,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    // Enough to get past a queue that is not there yet, and no more than a run can hold and the broker can refuse again.
    private const int MostRefused = 10_000;

    private const string LockPartition =
        """
        SELECT p.partition FROM outbox_partitions p
        WHERE p.partition <> ALL (@tried)
          AND EXISTS (SELECT FROM outbox o WHERE o.partition = p.partition AND o.fault IS NULL)
        ORDER BY random()
        LIMIT 1
        FOR UPDATE OF p SKIP LOCKED
        """;

    private const string ReadRows =
        """
        SELECT id, event_id, type, aggregate, payload, trace_parent, occurred_at FROM outbox
        WHERE partition = @partition AND fault IS NULL AND aggregate <> ALL (@refused)
        ORDER BY id LIMIT @limit
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.Zero;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await wakeUp.WaitAsync(pause > TimeSpan.Zero ? pause : options.Value.RelayPoll, stoppingToken);
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
            if (await LockPartitionAsync(connection, done, cancellationToken) is not { } partition)
            {
                return done.Count == 0;
            }

            var rows = await ReadRowsAsync(connection, partition, refused, cancellationToken);
            var waiting = refused.Count;
            var sent = await PublishAsync(rows, refused, cancellationToken);
            await DeleteAsync(connection, sent, cancellationToken);
            await transaction.CommitAsync(cancellationToken);

            // Those behind refused aggregates get their turn. Nothing new refused, and still not all sent: the broker is
            // away, and the next batch would only wait as long again.
            var brokerAway = sent.Count < rows.Count && refused.Count == waiting;
            if (rows.Count == 0 || brokerAway || refused.Count > MostRefused)
            {
                done.Add(partition);
            }
        }
    }

    private static async Task<short?> LockPartitionAsync(
        NpgsqlConnection connection, List<short> tried, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockPartition, connection);
        command.Parameters.AddWithValue("tried", tried.ToArray());
        return await command.ExecuteScalarAsync(cancellationToken) as short?;
    }

    private async Task<List<OutboxRow>> ReadRowsAsync(
        NpgsqlConnection connection, short partition, HashSet<string> refused, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadRows, connection);
        command.Parameters.AddWithValue("refused", refused.ToArray());
        command.Parameters.AddWithValue("partition", partition);
        command.Parameters.AddWithValue("limit", options.Value.RelayBatch);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<OutboxRow> rows = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new OutboxRow(
                reader.GetInt64(0),
                reader.GetGuid(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5),
                reader.GetFieldValue<DateTimeOffset>(6)));
        }

        return rows;
    }

    /// <summary>Gives back the rows the broker has confirmed. One aggregate's fault does not hold up the others.</summary>
    private async Task<List<OutboxRow>> PublishAsync(
        List<OutboxRow> rows, HashSet<string> refused, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.Value.ConfirmTimeout);
        List<OutboxRow> sent = new(rows.Count);
        var faults = await Task.WhenAll(rows
            .GroupBy(row => row.Aggregate, StringComparer.Ordinal)
            .Select(aggregate => PublishInOrderAsync(aggregate, sent, refused, deadline.Token)));
        if (Array.Find(faults, fault => fault is not null) is { } first)
        {
            LogNotConfirmed(logger, rows.Count - sent.Count, first);
        }

        return sent;
    }

    private async Task<Exception?> PublishInOrderAsync(
        IEnumerable<OutboxRow> aggregate, List<OutboxRow> sent, HashSet<string> refused, CancellationToken cancellationToken)
    {
        foreach (var row in aggregate)
        {
            try
            {
                await PublishAsync(row, cancellationToken);
                lock (sent)
                {
                    sent.Add(row);
                }
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                // Whatever it was, the row stays where it is and those after it wait: nothing is lost or overtaken.
                metrics.PublishFailed(row.Type, fault);
                if (fault is MessageReturnedException or UnreadableEventException)
                {
                    lock (refused)
                    {
                        refused.Add(row.Aggregate);
                    }
                }

                return fault;
            }
        }

        return null;
    }

    private async Task PublishAsync(OutboxRow row, CancellationToken cancellationToken)
    {
        var type = EventCatalogue.Find(row.Type)
            ?? throw new UnreadableEventException($"This build does not know the event '{row.Type}'.");
        var message = Read(row, type);
        var origin = ActivityContext.TryParse(row.TraceParent, null, isRemote: true, out var change) ? change : default;
        using var activity = MessagingMetrics.Source.StartActivity("outbox relay", ActivityKind.Internal, origin);
        await bus.Publish(
            message,
            type,
            Pipe.Execute<PublishContext>(context =>
            {
                context.MessageId = row.EventId;
                context.Durable = true;
                context.Mandatory = EventCatalogue.RequiresConsumer(type);
            }),
            cancellationToken);
        metrics.Published(row.Type, row.OccurredAt);
    }

    private static object Read(OutboxRow row, Type type)
    {
        try
        {
            return JsonSerializer.Deserialize(row.Payload, type, EventCatalogue.Json)
                ?? throw new UnreadableEventException($"The payload of event {row.EventId} is null.");
        }
        catch (JsonException fault)
        {
            throw new UnreadableEventException($"The payload of event {row.EventId} is not that of '{row.Type}'.", fault);
        }
    }

    private static async Task DeleteAsync(
        NpgsqlConnection connection, List<OutboxRow> sent, CancellationToken cancellationToken)
    {
        if (sent.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand("DELETE FROM outbox WHERE id = ANY (@ids)", connection);
        command.Parameters.AddWithValue("ids", sent.ConvertAll(row => row.Id).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "The outbox could not be relayed; trying again in {Pause}")]
    private static partial void LogRelayFailed(ILogger logger, TimeSpan pause, Exception fault);

    [LoggerMessage(2, LogLevel.Warning, "{Count} events were not confirmed and stay in the outbox")]
    private static partial void LogNotConfirmed(ILogger logger, int count, Exception fault);

    /// <summary>A row that this build cannot turn into its event. It stays, and its aggregate waits for a build that can.</summary>
    private sealed class UnreadableEventException(string message, Exception? cause = null) : Exception(message, cause);

    private sealed record OutboxRow(
        long Id, Guid EventId, string Type, string Aggregate, string Payload, string? TraceParent, DateTimeOffset OccurredAt);
}
