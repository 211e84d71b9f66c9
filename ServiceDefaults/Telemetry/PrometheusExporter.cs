using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace ServiceDefaults.Telemetry;

/// <summary>Turns what the reader collected into text, on the thread that asked for it.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private string _text = "";
    private bool _openMetrics;

    /// <summary>Set by the reader that this exporter belongs to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>Collects and writes all metrics. Not for concurrent use; <see cref="PrometheusScrape"/> sees to that.</summary>
    public string? Scrape(bool openMetrics, int timeoutMilliseconds)
    {
        _openMetrics = openMetrics;
        return Collect?.Invoke(timeoutMilliseconds) == true ? _text : null;
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        PrometheusText text = new(_openMetrics);
        text.AddTarget(ParentProvider.GetResource());
        foreach (Metric metric in batch)
        {
            text.Add(metric);
        }

        _text = text.ToString();
        return ExportResult.Success;
    }
}
