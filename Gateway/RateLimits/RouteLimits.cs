using Yarp.ReverseProxy.Configuration;

namespace Gateway.RateLimits;

/// <summary>
/// A route's <c>Metadata:RateLimits</c>, carried by its endpoint: names of policies that hold beside the default ones,
/// <c>-name</c> for a default one that does not hold, <c>none</c> for no limit at all.
/// </summary>
internal sealed class RouteLimits(string? metadata)
{
    public const string Metadata = "RateLimits";

    private readonly bool _none = metadata == "none";
    private Resolved? _resolved;

    public string[] Added { get; } = [.. Split(metadata).Where(static name => name is not "none" && name[0] != '-')];

    public string[] Removed { get; } = [.. Split(metadata).Where(static name => name[0] == '-').Select(static name => name[1..])];

    public static RouteLimits Of(RouteConfig route) => new(route.Metadata?.GetValueOrDefault(Metadata));

    public static string[] Split(string? names) => names?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>The names that hold, given the default ones.</summary>
    public string[] Names(IEnumerable<string> defaults) => _none ? [] : [.. defaults.Except(Removed, StringComparer.Ordinal).Union(Added, StringComparer.Ordinal)];

    /// <summary>The policies that hold in this configuration; looked up once for each.</summary>
    public RoutePlan In(RateLimitPlan plan)
    {
        var resolved = Volatile.Read(ref _resolved);
        if (resolved?.Plan != plan)
        {
            resolved = new Resolved(plan, plan.PlanOf(Names(plan.Default)));
            Volatile.Write(ref _resolved, resolved);
        }

        return resolved.Policies;
    }

    private sealed record Resolved(RateLimitPlan Plan, RoutePlan Policies);
}

/// <summary>Refuses routes that name policies which do not exist: at start the process stops, on a reload the routes in force stay.</summary>
internal sealed class RouteLimitRules(IConfiguration configuration) : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) => new(cluster);

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        var section = configuration.GetSection(RateLimitOptions.Section);
        string[] policies = [.. section.GetSection(nameof(RateLimitOptions.Policies)).GetChildren().Select(static policy => policy.Key)];
        string[] faults =
        [
            .. RateLimitRules.FaultsOf(
                route.Metadata?.GetValueOrDefault(RouteLimits.Metadata), RouteLimits.Split(section[nameof(RateLimitOptions.Default)]), policies),
        ];
        return faults.Length == 0
            ? new ValueTask<RouteConfig>(route)
            : throw new InvalidOperationException($"ReverseProxy:Routes:{route.RouteId}:Metadata:RateLimits: {string.Join(' ', faults)}");
    }
}
