using MassTransit;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Runs a consumer inside one transaction that begins by writing the inbox row. A second delivery finds the row and is
/// acknowledged without running the consumer; a consumer that throws takes its row back with it.
/// </summary>
internal sealed class InboxFilter<TMessage>(
    DbContext database,
    TenantScope tenants,
    MessagingMetrics metrics,
    TimeProvider time) : IFilter<ConsumeContext<TMessage>>
    where TMessage : class, IIntegrationEvent
{
    public async Task Send(ConsumeContext<TMessage> context, IPipe<ConsumeContext<TMessage>> next)
    {
        // One queue a consumer, so the queue's name is the consumer's.
        var consumer = context.ReceiveContext.InputAddress.Segments[^1];
        var envelope = context.Message.Envelope;
        tenants.Enter(envelope.TenantId);
        await using var transaction = await database.Database.BeginTransactionAsync(context.CancellationToken);
        var fresh = await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO inbox (message_id, consumer, handled_at)
            VALUES ({envelope.Id}, {consumer}, {time.GetUtcNow()})
            ON CONFLICT DO NOTHING
            """,
            context.CancellationToken);
        if (fresh == 0)
        {
            metrics.Duplicate(consumer);
            return;
        }

        await next.Send(context);
        await database.SaveChangesAsync(context.CancellationToken);
        await transaction.CommitAsync(context.CancellationToken);
        metrics.Handled(consumer, envelope.OccurredAt);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("inbox");
}
