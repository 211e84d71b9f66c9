using System.Diagnostics.Metrics;

namespace Gateway.RateLimits;

/// <summary>What is measured about rate limits. Decisions are read off the policies when metrics are collected: requests pay nothing for them.</summary>
internal sealed class RateLimitMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _exchanges;

    public RateLimitMetrics(IMeterFactory meters, RateLimitPlans plans)
    {
        _meter = meters.Create("Platform.Gateway");
        _exchanges = _meter.CreateHistogram<double>("platform.rate_limit.exchange", "s", "Exchanges of permits with Redis; error.type tells failed ones");
        _meter.CreateObservableCounter("platform.rate_limit.decisions", () => plans.Current.Policies.SelectMany(Decisions), "{request}", "Requests by policy and outcome: admitted, refused");
        _meter.CreateObservableGauge("platform.rate_limit.partitions", () => plans.Current.Policies.Select(Partitions), "{partition}", "Partitions in memory by policy");
    }

    public void Exchanged(TimeSpan took, string? error)
    {
        if (error is null)
        {
            _exchanges.Record(took.TotalSeconds);
        }
        else
        {
            _exchanges.Record(took.TotalSeconds, new KeyValuePair<string, object?>("error.type", error));
        }
    }

    /// <summary>1 while permits are shared over Redis, 0 while each gateway has its share.</summary>
    public void Observe(PermitSharing sharing) =>
        _meter.CreateObservableGauge("platform.rate_limit.shared", () => sharing.IsShared ? 1 : 0, "1", "Whether limits are shared over Redis");

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> Decisions(LimitPolicy policy) =>
    [
        new(policy.Admitted, new("policy", policy.Name), new("outcome", "admitted")),
        new(policy.Refused, new("policy", policy.Name), new("outcome", "refused")),
    ];

    private static Measurement<int> Partitions(LimitPolicy policy) => new(policy.Count, new KeyValuePair<string, object?>("policy", policy.Name));
}
