using System.Globalization;
using ServiceDefaults.Discovery;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Destinations;

/// <summary>
/// Turns <c>http://identity</c> into one destination for each endpoint of that service that discovery knows, and again
/// whenever the configuration changes; requests under way end where they began. A name without endpoints stays as it is
/// and is left to DNS.
/// </summary>
internal sealed class ServiceDestinations(ServiceEndpoints endpoints, IConfiguration configuration) : IDestinationResolver
{
    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
    {
        // Taken before reading: a change in between leads to another round, not to a missed one.
        var change = configuration.GetReloadToken();
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
        var found = endpoints.Find(address.Host, address.Scheme);
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
