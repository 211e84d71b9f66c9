using MassTransit;

namespace ServiceDefaults.Messaging;

/// <summary>Counts the messages that this service's consumers gave up.</summary>
internal sealed class DeadLetterCounting(MessagingMetrics metrics) : IReceiveObserver
{
    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    // Each attempt's fault, unless the retries have taken care of it.
    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;

    public Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        metrics.DeadLetter(context.InputAddress.Segments[^1], exception);
        return Task.CompletedTask;
    }
}
