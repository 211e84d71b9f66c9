using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Prometheus text (0.0.4) or OpenMetrics (1.0). A family appears once: metrics of one name from several meters are
/// told apart by <c>otel_scope_name</c>; one of another type than the first of its name is left out.
/// </summary>
internal sealed class PrometheusText(bool openMetrics)
{
    private readonly Dictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    public void AddTarget(Resource resource)
    {
        MetricFamily target = openMetrics
            ? Family("target", "info", "Target metadata")!
            : Family("target_info", "gauge", "Target metadata")!;
        target.Sample("target_info", MetricLabels.Of(resource.Attributes), "1");
    }

    public void Add(Metric metric)
    {
        bool counter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        bool histogram = metric.MetricType is MetricType.Histogram;
        if (!counter && !histogram && !IsGauge(metric.MetricType))
        {
            return; // exponential histograms have no text form
        }

        string name = PrometheusName.Family(metric.Name, metric.Unit, isGauge: metric.MetricType is MetricType.LongGauge or MetricType.DoubleGauge, counter);
        string sample = counter ? $"{name}_total" : name;
        string type = counter ? "counter" : histogram ? "histogram" : "gauge";
        if (Family(counter && !openMetrics ? sample : name, type, metric.Description) is not { } family)
        {
            return;
        }

        foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
        {
            string labels = MetricLabels.Of(point.Tags, metric.MeterName);
            if (histogram)
            {
                AddHistogram(family, name, labels, in point);
            }
            else
            {
                family.Sample(sample, labels, Value(metric.MetricType, in point));
            }
        }
    }

    public override string ToString()
    {
        StringBuilder text = new(64 * 1024);
        foreach (MetricFamily family in _families.Values)
        {
            text.Append(family);
        }

        return text.Append(openMetrics ? "# EOF\n" : "").ToString();
    }

    private static bool IsGauge(MetricType type) =>
        type is MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic;

    private static string Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong().ToString(CultureInfo.InvariantCulture),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Number(point.GetSumDouble()),
        MetricType.LongGauge => point.GetGaugeLastValueLong().ToString(CultureInfo.InvariantCulture),
        _ => Number(point.GetGaugeLastValueDouble()),
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private MetricFamily? Family(string name, string type, string help)
    {
        if (!_families.TryGetValue(name, out MetricFamily? family))
        {
            _families[name] = family = new MetricFamily(name, type, help);
        }

        return family.Type == type ? family : null;
    }

    private void AddHistogram(MetricFamily family, string name, string labels, in MetricPoint point)
    {
        // Buckets hold their own counts; the format wants all up to the bound.
        long count = 0;
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            family.Sample($"{name}_bucket", MetricLabels.With(labels, "le", Bound(bucket.ExplicitBound)), count.ToString(CultureInfo.InvariantCulture));
        }

        family.Sample($"{name}_sum", labels, Number(point.GetHistogramSum()));
        family.Sample($"{name}_count", labels, count.ToString(CultureInfo.InvariantCulture));
    }

    // OpenMetrics wants bounds as canonical floats: 1.0, not 1.
    private string Bound(double bound) =>
        openMetrics && double.IsInteger(bound) && Math.Abs(bound) < 1e15 ? bound.ToString("F1", CultureInfo.InvariantCulture) : Number(bound);
}
