using Yarp.ReverseProxy.Configuration;

namespace Gateway.Routing;

/// <summary>
/// Refuses routes whose metadata is wrong: at start the process stops, on a reload the configuration in force stays. The
/// proxy collects the faults of all routes into one report.
/// </summary>
internal sealed class RouteRules : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) => new(cluster);

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        List<string> faults = [];
        RouteAccess.Read(route, faults);
        if (route.AuthorizationPolicy is { Length: > 0 })
        {
            faults.Add("AuthorizationPolicy has no effect here: Metadata:Access says who may use a route.");
        }

        return faults.Count == 0
            ? new ValueTask<RouteConfig>(route)
            : throw new InvalidOperationException($"ReverseProxy:Routes:{route.RouteId}: {string.Join(' ', faults)}");
    }
}
