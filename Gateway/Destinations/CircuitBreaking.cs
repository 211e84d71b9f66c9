using System.Runtime.CompilerServices;
using Gateway.Routing;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Destinations;

/// <summary>
/// A circuit breaker per destination, as the proxy's passive health: after a number of transport failures in a row the
/// destination is left alone for a while; after that one failure opens the circuit again and one answer closes it. What
/// a client did (going away, a bad body) says nothing about the destination, and neither does an answer with status 500.
/// </summary>
internal sealed partial class CircuitBreaking(
    IOptionsMonitor<ProxyingOptions> options,
    IDestinationHealthUpdater health,
    GatewayMetrics metrics,
    ILogger<CircuitBreaking> logger) : IPassiveHealthCheckPolicy
{
    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _failures = [];

    public string Name => nameof(CircuitBreaking);

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        var count = _failures.GetValue(destination, static _ => new StrongBox<int>());
        if (!IsFailureOfDestination(context))
        {
            Volatile.Write(ref count.Value, 0);
            return;
        }

        var limit = options.CurrentValue.CircuitFailures;
        if (Interlocked.Increment(ref count.Value) < limit || destination.Health.Passive == DestinationHealth.Unhealthy)
        {
            return;
        }

        Volatile.Write(ref count.Value, limit - 1);
        metrics.CircuitOpened(cluster.ClusterId);
        LogOpened(logger, destination.DestinationId, cluster.ClusterId, options.CurrentValue.CircuitPause);
        health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, options.CurrentValue.CircuitPause);
    }

    private static bool IsFailureOfDestination(HttpContext context) => context.Features.Get<IForwarderErrorFeature>()?.Error switch
    {
        null => false,
        ForwarderError.Request or ForwarderError.RequestTimedOut or ForwarderError.RequestBodyDestination
            or ForwarderError.ResponseBodyDestination or ForwarderError.ResponseHeaders
            or ForwarderError.UpgradeRequestDestination or ForwarderError.UpgradeResponseDestination => true,
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled => ResponseDeadline.HasPassed(context),
        _ => false,
    };

    [LoggerMessage(1, LogLevel.Warning, "Destination {Destination} of {Cluster} fails and is left alone for {Pause}")]
    private static partial void LogOpened(ILogger logger, string destination, string cluster, TimeSpan pause);
}
