using System.Diagnostics.Metrics;

namespace AuditService.Evidence;

/// <summary>What is measured about the evidence.</summary>
internal sealed class EvidenceMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _published;
    private readonly Counter<long> _failed;
    private readonly Histogram<double> _delay;
    private int _faults;

    public EvidenceMetrics(IMeterFactory meters, EvidenceState state)
    {
        _meter = meters.Create("Platform.Audit");
        _published = _meter.CreateCounter<long>("platform.audit.checkpoints", "{checkpoint}", "Checkpoints published");
        _failed = _meter.CreateCounter<long>("platform.audit.checkpoints.failed", "{attempt}", "Attempts to publish or check the head that failed");
        _delay = _meter.CreateHistogram<double>("platform.audit.checkpoint.delay", "s", "From the commit of a head to its publishing");
        _meter.CreateObservableGauge("platform.audit.tree.size", () => state.Known?.Size ?? 0, "{record}", "Leaves of the tree");
        _meter.CreateObservableGauge("platform.audit.standstill", () => state.IsSound ? 0 : 1, null, "1 while recording stands still for want of evidence");
        _meter.CreateObservableGauge("platform.audit.integrity.faults", () => _faults, "{fault}", "Places that do not fit, at the last check of the log");
    }

    /// <summary>What the last check of the log found.</summary>
    public void Checked(int faults) => _faults = faults;

    public void Published(TimeSpan delay)
    {
        _published.Add(1);
        _delay.Record(Math.Max(0, delay.TotalSeconds));
    }

    public void Failed(string where) => _failed.Add(1, new KeyValuePair<string, object?>("where", where));

    public void Dispose() => _meter.Dispose();
}
