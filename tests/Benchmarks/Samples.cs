namespace Benchmarks;

/// <summary>Durations of one kind of operation, in milliseconds.</summary>
internal sealed class Samples(string name)
{
    private readonly List<double> _milliseconds = [];

    public int Count => _milliseconds.Count;

    public double Median => Percentile(50);

    public void Add(TimeSpan duration) => _milliseconds.Add(duration.TotalMilliseconds);

    /// <summary>Times what is awaited.</summary>
    public async Task TimeAsync(Func<Task> operation)
    {
        var began = TimeProvider.System.GetTimestamp();
        await operation();
        Add(TimeProvider.System.GetElapsedTime(began));
    }

    /// <summary>The smallest sample that at least this share of the samples does not exceed (nearest rank).</summary>
    public double Percentile(double percent)
    {
        var sorted = _milliseconds.Order().ToList();
        return sorted[Math.Max(0, (int)Math.Ceiling(percent / 100 * sorted.Count) - 1)];
    }

    /// <summary>
    /// The median of the ratios of samples that were taken one after the other: what changes on the machine meanwhile meets
    /// both of a pair, while medians of each kind can be of different times.
    /// </summary>
    public double MedianRatioTo(Samples other)
    {
        var ratios = _milliseconds.Zip(other._milliseconds, static (one, two) => one / two).Order().ToList();
        return ratios[ratios.Count / 2];
    }

    public override string ToString() =>
        FormattableString.Invariant($"{name,-34} n {Count,5}   p50 {Percentile(50),8:0.0} ms   p99 {Percentile(99),8:0.0} ms   max {Percentile(100),8:0.0} ms");
}
