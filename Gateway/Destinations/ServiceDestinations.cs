using System.Globalization;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Discovery;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Destinations;

/// <summary>
/// Turns <c>http://identity</c> into one destination for each endpoint of that service that discovery knows, and again
/// whenever the configuration changes; requests under way end where they began. A name without endpoints stays as it is
/// and is left to DNS.
/// </summary>
internal sealed class ServiceDestinations : IDestinationResolver, IDisposable
{
    private readonly ServiceEndpoints _endpoints;
    private readonly IDisposable _watch;
    private CancellationTokenSource _change = new();

    public ServiceDestinations(ServiceEndpoints endpoints)
    {
        _endpoints = endpoints;
        _watch = endpoints.OnChange(() =>
        {
            using var changed = Interlocked.Exchange(ref _change, new CancellationTokenSource());
            changed.Cancel();
        });
    }

    public void Dispose()
    {
        _watch.Dispose();
        _change.Dispose();
    }

    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
    {
        // Taken before reading: a change in between leads to another round, not to a missed one.
        CancellationChangeToken change = new(_change.Token);
        Dictionary<string, DestinationConfig> resolved = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, destination) in destinations)
        {
            Resolve(name, destination, resolved);
        }

        return new(new ResolvedDestinationCollection(resolved, change));
    }

    private void Resolve(string name, DestinationConfig destination, Dictionary<string, DestinationConfig> resolved)
    {
        var address = new Uri(destination.Address);
        var found = _endpoints.Find(address.Host, address.Scheme);
        if (found.IsEmpty)
        {
            resolved[name] = destination;
            return;
        }

        var metadata = new Dictionary<string, string>(destination.Metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase)
        {
            [WeightedDestinations.Share] = found.Length.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var endpoint in found)
        {
            // Named by address, so that a destination that stays keeps its health and its connections.
            resolved[$"{name} {endpoint.Authority}"] = destination with { Address = endpoint.AbsoluteUri, Metadata = metadata };
        }
    }
}
