using System.Diagnostics;
using System.Diagnostics.Metrics;
using NotificationService.Inbox;
using NotificationService.Queue;
using NotificationService.Routing;

namespace NotificationService.Delivery;

/// <summary>What is measured about notifications. Durations in seconds.</summary>
internal sealed class NotificationMetrics : IDisposable
{
    public static readonly ActivitySource Source = new("Platform.Notifications");

    private readonly Meter _meter;
    private readonly Counter<long> _routed;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _dead;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _timeToSend;

    public NotificationMetrics(IMeterFactory meters, InboxSignals streams)
    {
        _meter = meters.Create("Platform.Notifications");
        _routed = _meter.CreateCounter<long>("platform.notifications.routed", "{notification}", "Rows made from events");
        _duplicates = _meter.CreateCounter<long>("platform.notifications.duplicates", "{notification}", "Rows that were there already");
        _attempts = _meter.CreateCounter<long>("platform.notifications.attempts", "{attempt}", "Attempts to send, by outcome");
        _dead = _meter.CreateCounter<long>("platform.notifications.dead", "{notification}", "Notifications given up");
        _duration = _meter.CreateHistogram<double>("platform.notifications.attempt.duration", "s", "Time of one attempt");
        _timeToSend = _meter.CreateHistogram<double>("platform.notifications.lag", "s", "From the row to the mail server's yes");
        _meter.CreateObservableGauge("platform.notifications.streams", () => streams.Open, "{stream}", "Open inbox streams");
    }

    public void Routed(string kind, Channel channel, bool fresh) =>
        (fresh ? _routed : _duplicates).Add(1, Tag("kind", kind), Tag("channel", channel.ToString().ToLowerInvariant()));

    public void Attempted(Notification notification, MailOutcome outcome, TimeSpan duration, DateTimeOffset now)
    {
        var kind = Tag("kind", notification.Kind);
        var result = Tag("outcome", outcome.Kind.ToString().ToLowerInvariant());
        _attempts.Add(1, kind, result);
        _duration.Record(duration.TotalSeconds, result);
        if (notification.Status == NotificationStatus.Sent)
        {
            _timeToSend.Record((now - notification.CreatedAt).TotalSeconds, kind);
        }
        else if (notification.Status == NotificationStatus.Dead)
        {
            _dead.Add(1, kind);
        }
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
