using System.Diagnostics.Metrics;

namespace AuditService.Statistics;

/// <summary>How far the statistics are behind the log.</summary>
internal sealed class StatisticsMetrics : IDisposable
{
    private readonly Meter _meter;
    private long _behind;

    public StatisticsMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Audit");
        _meter.CreateObservableGauge("platform.audit.statistics.behind", () => _behind, "{record}", "Records that questions still have to count one by one");
    }

    public void Behind(long records) => _behind = records;

    public void Dispose() => _meter.Dispose();
}
