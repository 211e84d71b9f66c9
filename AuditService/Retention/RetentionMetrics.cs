using System.Diagnostics.Metrics;

namespace AuditService.Retention;

/// <summary>What is measured about retention.</summary>
internal sealed class RetentionMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _partitions;
    private readonly Counter<long> _records;
    private int _held;

    public RetentionMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Audit");
        _partitions = _meter.CreateCounter<long>("platform.audit.retention.partitions", "{partition}", "Partitions dropped");
        _records = _meter.CreateCounter<long>("platform.audit.retention.records", "{record}", "Records dropped with them");
        _meter.CreateObservableGauge("platform.audit.retention.held", () => _held, "{partition}", "Partitions past their time that a legal hold keeps");
    }

    public void Dropped(long records)
    {
        _partitions.Add(1);
        _records.Add(records);
    }

    public void Held(int partitions) => _held = partitions;

    public void Dispose() => _meter.Dispose();
}
