using MassTransit;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>Publishes batches and counts, confirmed by the broker.</summary>
internal sealed partial class JournalPublishing(
    IBus bus, GatewayInstance gateway, IOptions<RequestAuditOptions> options, TimeProvider time, ILogger<JournalPublishing> logger)
{
    /// <param name="head">Who recorded them; null when a crash cut that off.</param>
    /// <param name="first">Number of the first record.</param>
    public Task<bool> TrySendAsync(JournalHead? head, long? first, IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return TrySendAsync(
            new RequestsAuditedText(
                new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("gateway"), null, null, null, null),
                head?.Gateway ?? gateway.Id, records, head?.Run, first),
            cancellationToken);
    }

    /// <summary>False when the broker did not take it in time.</summary>
    public async Task<bool> TrySendAsync<T>(T message, CancellationToken cancellationToken)
        where T : class, IIntegrationEvent
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.ConfirmTimeout);
        try
        {
            // Mandatory: without the audit service's queue the broker must give a batch back, not drop it.
            await bus.Publish(
                message,
                context =>
                {
                    context.MessageId = message.Envelope.Id;
                    context.Durable = true;
                    context.Mandatory = EventCatalogue.RequiresConsumer(typeof(T));
                },
                limit.Token);
            return true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Whatever it was, it is in the journal and sent later.
            LogNotPublished(logger, typeof(T).Name, fault.Message);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Message} was not taken by the bus and is kept: {Reason}")]
    private static partial void LogNotPublished(ILogger logger, string message, string reason);
}
