using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ServiceDefaults.Messaging;

/// <summary>What is measured about the outbox and the inbox. Durations in seconds.</summary>
internal sealed class MessagingMetrics : IDisposable
{
    public static readonly ActivitySource Source = new("Platform.Messaging");

    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly Counter<long> _published;
    private readonly Counter<long> _publishFailed;
    private readonly Counter<long> _relayFailed;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _duplicates;
    private readonly Histogram<double> _relayLag;
    private readonly Histogram<double> _deliveryLag;

    public MessagingMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _meter = meters.Create("Platform.Messaging");
        _published = _meter.CreateCounter<long>("platform.outbox.published", "{event}", "Events confirmed by the broker");
        _publishFailed = _meter.CreateCounter<long>("platform.outbox.publish.failed", "{event}", "Publishes not confirmed");
        _relayFailed = _meter.CreateCounter<long>("platform.outbox.relay.failed", "{run}", "Relay runs that failed as a whole");
        _handled = _meter.CreateCounter<long>("platform.inbox.handled", "{message}", "Messages handled and committed");
        _duplicates = _meter.CreateCounter<long>("platform.inbox.duplicates", "{message}", "Deliveries dropped as already handled");
        _relayLag = _meter.CreateHistogram<double>("platform.outbox.lag", "s", "From the event to the broker's confirm");
        _deliveryLag = _meter.CreateHistogram<double>("platform.inbox.lag", "s", "From the event to the consumer's commit");
    }

    public void Published(string type, DateTimeOffset occurredAt)
    {
        var tag = new KeyValuePair<string, object?>("messaging.message.type", type);
        _published.Add(1, tag);
        _relayLag.Record((_time.GetUtcNow() - occurredAt).TotalSeconds, tag);
    }

    public void PublishFailed(string type, Exception fault) =>
        _publishFailed.Add(1, new("messaging.message.type", type), new("error.type", fault.GetType().Name));

    public void RelayFailed(Exception fault) =>
        _relayFailed.Add(1, new KeyValuePair<string, object?>("error.type", fault.GetType().Name));

    public void Handled(string consumer, DateTimeOffset occurredAt)
    {
        var tag = new KeyValuePair<string, object?>("messaging.consumer.group.name", consumer);
        _handled.Add(1, tag);
        _deliveryLag.Record((_time.GetUtcNow() - occurredAt).TotalSeconds, tag);
    }

    public void Duplicate(string consumer) =>
        _duplicates.Add(1, new KeyValuePair<string, object?>("messaging.consumer.group.name", consumer));

    public void Dispose() => _meter.Dispose();
}
