using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AuditService.Completeness;

/// <summary>What is measured about completeness.</summary>
internal sealed class CompletenessMetrics : IDisposable
{
    public static readonly ActivitySource Source = new("Platform.Audit");

    private readonly Meter _meter;
    private readonly Counter<long> _windows;
    private (long Windows, long Missing, long Dropped) _open;

    public CompletenessMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Audit");
        _windows = _meter.CreateCounter<long>("platform.audit.completeness.windows", "{window}", "Windows of the gateways that were decided, by outcome");
        _meter.CreateObservableGauge("platform.audit.completeness.gaps", () => _open.Windows, "{window}", "Windows of which something is missing");
        _meter.CreateObservableGauge("platform.audit.completeness.missing", () => _open.Missing, "{record}", "Records that gateways counted and the log has not");
        _meter.CreateObservableGauge("platform.audit.completeness.dropped", () => _open.Dropped, "{request}", "Requests of these windows that their gateway could not record");
    }

    /// <param name="outcome"><c>complete</c>, <c>gap</c> or <c>closed</c>.</param>
    /// <param name="windows">How many.</param>
    public void Decided(string outcome, int windows)
    {
        if (windows > 0)
        {
            _windows.Add(windows, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    public void Open(long windows, long missing, long dropped) => _open = (windows, missing, dropped);

    public void Dispose() => _meter.Dispose();
}
