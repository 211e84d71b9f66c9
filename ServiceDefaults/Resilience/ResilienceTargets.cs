using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Resilience;

/// <summary>
/// The state of all clients and targets. It outlives the handlers, which the factory renews every two minutes: a
/// circuit must not close by that.
/// </summary>
internal sealed class ResilienceTargets(IOptionsMonitor<ResilienceOptions> options, TimeProvider time)
{
    // Webhooks go to hosts that others choose, so their number has a bound.
    private const int MostTargets = 1024;

    private readonly ConcurrentDictionary<(string Client, string Target), ResilienceTarget> _targets = [];

    public ResilienceTarget Get(string client, Uri uri)
    {
        (string Client, string Target) key = (client, uri.Authority);
        if (_targets.TryGetValue(key, out ResilienceTarget? known))
        {
            return known;
        }

        if (_targets.Count >= MostTargets)
        {
            foreach ((string Client, string Target) other in _targets.Keys.Take(MostTargets / 4))
            {
                _targets.TryRemove(other, out _);
            }
        }

        return _targets.GetOrAdd(key, one => new ResilienceTarget(one.Target, options.Get(client), time));
    }
}
