using MassTransit;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Bounds how often a message may take its process with it. What a consumer throws is retried and given up within the
/// process; a message that ends the process, or waits in it while it is killed, comes back from the broker, which counts.
/// It is handled after a delay that grows with the count, at random, so that those around it get through first, and becomes
/// a dead letter in the end.
/// </summary>
internal sealed class AbandonedDeliveries(int most, TimeProvider time) : IFilter<ConsumeContext>
{
    /// <summary>Set by quorum queues: how often the message was delivered before and neither taken nor refused.</summary>
    internal const string CountHeader = "x-delivery-count";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var before = context.ReceiveContext.TransportHeaders.Get<long>(CountHeader) ?? 0;
        if (before >= most)
        {
            throw new AbandonedDeliveryException(before);
        }

        // Two can be bad luck: a service that is updated, a broker that is moved.
        if (before > 2)
        {
            var longest = Math.Min(Step.TotalMilliseconds * Math.Pow(2, Math.Min(before, 10)), Longest.TotalMilliseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * longest), time, context.CancellationToken);
        }

        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("abandoned-deliveries");
}

/// <summary>The message came back too often without having been handled or refused.</summary>
/// <param name="deliveries">How often it was delivered before.</param>
internal sealed class AbandonedDeliveryException(long deliveries)
    : Exception($"The message was delivered {deliveries} times without an end: each time its consumer's process or connection ended.");
