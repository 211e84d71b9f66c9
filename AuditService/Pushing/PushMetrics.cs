using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AuditService.Pushing;

/// <summary>What is measured about pushing. Durations in seconds.</summary>
internal sealed class PushMetrics : IDisposable
{
    public static readonly ActivitySource Source = new("Platform.Audit");

    private readonly Meter _meter;
    private readonly Counter<long> _pushed;
    private readonly Counter<long> _failed;
    private (long Records, double Seconds) _behind;

    public PushMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Audit");
        _pushed = _meter.CreateCounter<long>("platform.audit.push.delivered", "{record}", "Records that the receiver acknowledged");
        _failed = _meter.CreateCounter<long>("platform.audit.push.failed", "{batch}", "Batches that it did not, by reason");
        _meter.CreateObservableGauge("platform.audit.push.behind", () => _behind.Records, "{record}", "Records that are not acknowledged; of the replica that pushes");
        _meter.CreateObservableGauge("platform.audit.push.lag", () => _behind.Seconds, "s", "Age of the oldest of them");
    }

    public void Sent(long records) => _pushed.Add(records);

    public void Failed(string reason) => _failed.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Behind(long records, TimeSpan lag) => _behind = (records, Math.Max(0, lag.TotalSeconds));

    public void Dispose() => _meter.Dispose();
}
