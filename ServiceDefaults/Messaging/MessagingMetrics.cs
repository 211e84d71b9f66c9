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
    private readonly Counter<long> _setAside;
    private readonly Counter<long> _deadLetters;
    private readonly Histogram<double> _relayLag;
    private readonly Histogram<double> _deliveryLag;
    private DateTimeOffset? _oldest;
    private long _waiting;
    private long _aside;

    public MessagingMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _meter = meters.Create("Platform.Messaging");
        _published = _meter.CreateCounter<long>("platform.outbox.published", "{event}", "Events confirmed by the broker");
        _publishFailed = _meter.CreateCounter<long>("platform.outbox.publish.failed", "{event}", "Publishes not confirmed");
        _relayFailed = _meter.CreateCounter<long>("platform.outbox.relay.failed", "{run}", "Relay runs that failed as a whole");
        _handled = _meter.CreateCounter<long>("platform.inbox.handled", "{message}", "Messages handled and committed");
        _duplicates = _meter.CreateCounter<long>("platform.inbox.duplicates", "{message}", "Deliveries dropped as already handled");
        _setAside = _meter.CreateCounter<long>("platform.outbox.set_aside", "{event}", "Events that could not be sent and were set aside");
        _deadLetters = _meter.CreateCounter<long>("platform.inbox.dead_letters", "{message}", "Messages given up and moved to the dead letters");
        _relayLag = _meter.CreateHistogram<double>("platform.outbox.lag", "s", "From the event to the broker's confirm");
        _deliveryLag = _meter.CreateHistogram<double>("platform.inbox.lag", "s", "From the event to the consumer's commit");
        _meter.CreateObservableGauge("platform.outbox.waiting", () => Volatile.Read(ref _waiting), "{event}", "Events in the outbox; an estimate beyond 10,000");
        _meter.CreateObservableGauge("platform.outbox.oldest", () => _oldest is { } at ? Math.Max(0, (_time.GetUtcNow() - at).TotalSeconds) : 0, "s", "Age of the oldest event in the outbox");
        _meter.CreateObservableGauge("platform.outbox.aside", () => Volatile.Read(ref _aside), "{event}", "Events set aside in the outbox");
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

    public void SetAside(string type) => _setAside.Add(1, new KeyValuePair<string, object?>("messaging.message.type", type));

    public void DeadLetter(string consumer, Exception fault) =>
        _deadLetters.Add(1, new("messaging.consumer.group.name", consumer), new("error.type", fault.GetType().Name));

    /// <summary>What the outbox holds; <paramref name="aside"/> is null where that was not counted.</summary>
    public void Waiting(DateTimeOffset? oldest, long waiting, long? aside)
    {
        _oldest = oldest;
        Volatile.Write(ref _waiting, waiting);
        Volatile.Write(ref _aside, aside ?? Volatile.Read(ref _aside));
    }

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
