using System.Diagnostics.Metrics;

namespace AuditService.Recording;

/// <summary>What is measured about recording. Durations in seconds.</summary>
internal sealed class RecordingMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _ingested;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _marked;
    private readonly Counter<long> _failed;
    private readonly Histogram<long> _batch;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _lag;

    public RecordingMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Audit");
        _ingested = _meter.CreateCounter<long>("platform.audit.ingested", "{record}", "Records committed");
        _duplicates = _meter.CreateCounter<long>("platform.audit.duplicates", "{record}", "Records dropped as already there");
        _marked = _meter.CreateCounter<long>("platform.audit.marked", "{record}", "Records that could not be kept exactly as sent");
        _failed = _meter.CreateCounter<long>("platform.audit.transactions.failed", "{transaction}", "Transactions that were taken back");
        _batch = _meter.CreateHistogram<long>("platform.audit.batch.size", "{record}", "Records of one transaction");
        _duration = _meter.CreateHistogram<double>("platform.audit.write.duration", "s", "Time of one transaction");
        _lag = _meter.CreateHistogram<double>("platform.audit.lag", "s", "From the oldest event of a transaction to its commit");
    }

    public void Written(IReadOnlyList<AuditRow> rows, int fresh, TimeSpan duration, DateTimeOffset now)
    {
        _ingested.Add(fresh);
        _duplicates.Add(rows.Count - fresh);
        _marked.Add(rows.Count(row => row.Marks.Length > 0));
        _batch.Record(rows.Count);
        _duration.Record(duration.TotalSeconds);
        _lag.Record(Math.Max(0, (now - rows.Min(row => row.OccurredAt)).TotalSeconds));
    }

    public void Failed(Exception fault) =>
        _failed.Add(1, new KeyValuePair<string, object?>("error.type", fault.GetType().Name));

    public void Dispose() => _meter.Dispose();
}
