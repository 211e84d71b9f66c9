using MassTransit;
using ServiceDefaults.Contracts;

namespace Gateway.Revocation;

/// <summary>Applies what comes over RabbitMQ: beside the stream, so that a revocation takes effect while Redis is away.</summary>
internal sealed class RevocationIssuedConsumer(
    RevocationSet revocations, AppliedSequence applied, RevocationFeed feed, GatewayMetrics metrics) : IConsumer<RevocationIssued>
{
    public Task Consume(ConsumeContext<RevocationIssued> context)
    {
        var revocation = context.Message;
        revocations.Apply(revocation.Kind, revocation.Value, revocation.Epoch, revocation.Cutoff, revocation.ExpiresAt);
        applied.Heard(revocation.Sequence);
        metrics.RevocationApplied("bus");
        feed.Wake();
        return Task.CompletedTask;
    }
}
