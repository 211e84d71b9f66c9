using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Destinations;

/// <summary>
/// Judges active probes: a destination that answers anything at all is alive. The services' own health is on a management
/// port that the gateway cannot reach, and their public port answers a problem at the probed path; what matters here is
/// that somebody answers. One lost probe is forgiven.
/// </summary>
internal sealed class AnsweringProbe(IDestinationHealthUpdater health) : IActiveHealthCheckPolicy
{
    private const int Failures = 2;

    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _silent = [];

    public string Name => nameof(AnsweringProbe);

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults) =>
        health.SetActive(cluster, [.. probingResults.Select(result => new NewActiveDestinationHealth(result.Destination, Judge(result)))]);

    private DestinationHealth Judge(DestinationProbingResult result)
    {
        var silent = _silent.GetValue(result.Destination, static _ => new StrongBox<int>());
        silent.Value = result.Response is null ? silent.Value + 1 : 0;
        return silent.Value >= Failures ? DestinationHealth.Unhealthy
            : silent.Value == 0 ? DestinationHealth.Healthy
            : result.Destination.Health.Active;
    }
}
