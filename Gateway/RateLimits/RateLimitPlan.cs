using System.Collections.Concurrent;

namespace Gateway.RateLimits;

/// <summary>One configuration in force: immutable but for the partitions that its policies hold.</summary>
internal sealed class RateLimitPlan
{
    private readonly ConcurrentDictionary<string, RoutePlan> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LimitPolicy> _policies = new(StringComparer.Ordinal);

    /// <param name="previous">Policies of the same name and kind go on with their partitions.</param>
    public RateLimitPlan(RateLimitOptions options, RateLimitPlan? previous)
    {
        Options = options;
        Default = RouteLimits.Split(options.Default);
        foreach (var (name, settings) in options.Policies)
        {
            var kind = settings.Partition!.Value;
            var policy = previous?._policies.GetValueOrDefault(name) is { } kept && kept.Kind == kind ? kept : new LimitPolicy(name, kind);
            policy.Set(Quota.Of(name, settings), options.MostPartitions);
            _policies.Add(name, policy);
        }

        WithoutRoute = PlanOf(Default);
    }

    public RateLimitOptions Options { get; }

    public string[] Default { get; }

    /// <summary>For what has no route.</summary>
    public RoutePlan WithoutRoute { get; }

    public IReadOnlyCollection<LimitPolicy> Policies => _policies.Values;

    /// <summary>Policies by name, in the order in which they are checked. A name unknown in this configuration is passed over; its route came too early.</summary>
    public RoutePlan PlanOf(string[] names) => _routes.GetOrAdd(
        string.Join(' ', names),
        static (_, state) => new RoutePlan([.. state.names.Select(name => state.policies.GetValueOrDefault(name)).OfType<LimitPolicy>()]),
        (names, policies: _policies));
}

/// <summary>The policies of a route: those of the address before the token is looked at, the others after.</summary>
internal sealed class RoutePlan(LimitPolicy[] policies)
{
    private readonly string?[] _headers = new string?[1 << RequestLimits.Most];

    public LimitPolicy[] ByAddress { get; } = [.. policies.Where(static policy => policy.Kind == PartitionKind.Address)];

    public LimitPolicy[] ByCaller { get; } = [.. policies.Where(static policy => policy.Kind != PartitionKind.Address)];

    public bool IsEmpty => ByAddress.Length + ByCaller.Length == 0;

    /// <summary><c>RateLimit-Policy</c> for the quotas that applied, made once for each combination.</summary>
    public string Header(ReadOnlySpan<Partition?> applied)
    {
        var combination = 0;
        foreach (var partition in applied)
        {
            var index = Array.IndexOf(ByAddress, partition!.Policy) is >= 0 and var before ? before : ByAddress.Length + Array.IndexOf(ByCaller, partition.Policy);
            if (!ReferenceEquals(partition.Quota, partition.Policy.Quota))
            {
                return Join(applied); // a quota of its own
            }

            combination |= 1 << index;
        }

        var header = _headers[combination];
        if (header is null)
        {
            _headers[combination] = header = Join(applied);
        }

        return header;
    }

    private static string Join(ReadOnlySpan<Partition?> applied)
    {
        List<string> items = [];
        foreach (var partition in applied)
        {
            items.Add(partition!.Quota.Item);
        }

        return string.Join(", ", items);
    }
}
