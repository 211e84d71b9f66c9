using System.Diagnostics;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Publishes rows of the outbox, aggregates side by side, the events of one aggregate one after the other; each awaits the
/// broker's confirm. A fault of one aggregate holds up that aggregate and no other. Nothing is begun once
/// <see cref="MessagingOptions.ConfirmTimeout"/> has passed: the rows may be another relay's by then.
/// </summary>
internal sealed partial class OutboxPublisher(
    IBus bus, MessagingMetrics metrics, IOptions<MessagingOptions> options, TimeProvider time, ILogger<OutboxPublisher> logger)
{
    // Far below what the broker takes (128 MiB): it answers a larger one by closing the channel that all others share.
    private const int LargestPayload = 16 * 1024 * 1024;

    public async Task<PublishedBatch> PublishAsync(IReadOnlyCollection<OutboxRow> rows, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.Value.ConfirmTimeout);
        var began = time.GetTimestamp();
        PublishedBatch batch = new(rows.Count);
        var faults = await Task.WhenAll(rows
            .GroupBy(row => row.Aggregate, StringComparer.Ordinal)
            .Select(aggregate => PublishInOrderAsync(aggregate, batch, began, deadline.Token)));
        if (Array.Find(faults, fault => fault is not null) is { } first)
        {
            LogNotConfirmed(logger, rows.Count - batch.Sent.Count, first);
        }

        return batch;
    }

    private async Task<Exception?> PublishInOrderAsync(
        IEnumerable<OutboxRow> aggregate, PublishedBatch batch, long began, CancellationToken cancellationToken)
    {
        Exception? first = null;
        foreach (var row in aggregate)
        {
            try
            {
                ThrowIfLate(began);
                await PublishAsync(row, cancellationToken);
                batch.Add(row);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                metrics.PublishFailed(row.Type, fault);
                first ??= fault;
                if (fault is UnsendableEventException && time.GetUtcNow() - row.OccurredAt > options.Value.FaultAfter)
                {
                    // Nobody has been able to for as long as a new version takes to be everywhere. It is kept where it
                    // is, and the aggregate goes on without it.
                    batch.Add(new UnsendableRow(row, fault.Message));
                    metrics.SetAside(row.Type);
                    LogSetAside(logger, row.EventId, row.Type, fault);
                    continue;
                }

                // The row stays where it is and those after it wait: nothing is lost or overtaken.
                if (!IsOutage(fault))
                {
                    batch.Refuse(row.Aggregate);
                }

                return first;
            }
        }

        return first;
    }

    // The deadline's timer stands still with a process that is stopped, and what was under way goes on before it.
    private void ThrowIfLate(long began)
    {
        if (time.GetElapsedTime(began) >= options.Value.ConfirmTimeout)
        {
            throw new TimeoutException("The time of the batch is over; its rows are tried anew.");
        }
    }

    // What would befall every other event as well. All else is about this one: no queue takes it, a queue refuses it,
    // nobody can read it.
    private static bool IsOutage(Exception fault) =>
        fault is OperationCanceledException or TimeoutException or IOException or ObjectDisposedException or ConnectionException
            or TransportUnavailableException or TransportException or RabbitMQClientException and not RabbitMQ.Client.Exceptions.PublishException;

    private async Task PublishAsync(OutboxRow row, CancellationToken cancellationToken)
    {
        var (message, type) = Read(row);
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

    private static (object Message, Type Type) Read(OutboxRow row)
    {
        var type = EventCatalogue.Find(row.Type)
            ?? throw new UnsendableEventException($"This build does not know the event '{row.Type}'.");
        if (row.Payload.Length > LargestPayload)
        {
            throw new UnsendableEventException($"The payload has {row.Payload.Length} characters; the most is {LargestPayload}.");
        }

        try
        {
            return (JsonSerializer.Deserialize(row.Payload, type, EventCatalogue.Json)
                ?? throw new UnsendableEventException("The payload is null."), type);
        }
        catch (JsonException fault)
        {
            throw new UnsendableEventException($"The payload is not that of '{row.Type}'.", fault);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} events were not confirmed and stay in the outbox")]
    private static partial void LogNotConfirmed(ILogger logger, int count, Exception fault);

    [LoggerMessage(2, LogLevel.Error, "Event {EventId} of type {Type} cannot be sent and was set aside in the outbox")]
    private static partial void LogSetAside(ILogger logger, Guid eventId, string type, Exception fault);

    /// <summary>A row that this build cannot turn into its event.</summary>
    private sealed class UnsendableEventException(string message, Exception? cause = null) : Exception(message, cause);
}

/// <summary>What became of a batch; filled by several aggregates at once.</summary>
internal sealed class PublishedBatch(int size)
{
    private readonly Lock _gate = new();
    private readonly List<OutboxRow> _sent = new(size);
    private readonly List<UnsendableRow> _unsendable = [];
    private readonly List<string> _refused = [];

    /// <summary>Confirmed by the broker.</summary>
    public IReadOnlyList<OutboxRow> Sent => _sent;

    /// <summary>To be set aside.</summary>
    public IReadOnlyList<UnsendableRow> Unsendable => _unsendable;

    /// <summary>Aggregates whose next event was refused for a reason of its own.</summary>
    public IReadOnlyList<string> Refused => _refused;

    public void Add(OutboxRow sent)
    {
        lock (_gate)
        {
            _sent.Add(sent);
        }
    }

    public void Add(UnsendableRow row)
    {
        lock (_gate)
        {
            _unsendable.Add(row);
        }
    }

    public void Refuse(string aggregate)
    {
        lock (_gate)
        {
            _refused.Add(aggregate);
        }
    }
}
