using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace ServiceDefaults.Discovery;

/// <summary>
/// Where the services of the platform are, from <c>services:{name}:{http|https}:{n}</c>; changes of the configuration
/// take effect at once. Safe for concurrent use.
/// </summary>
public sealed class ServiceEndpoints : IDisposable
{
    private readonly IConfiguration _configuration;
    private readonly ConcurrentDictionary<string, Round> _rounds = new(StringComparer.OrdinalIgnoreCase);
    private readonly IDisposable _watch;

    public ServiceEndpoints(IConfiguration configuration)
    {
        _configuration = configuration;
        _watch = ChangeToken.OnChange(configuration.GetReloadToken, _rounds.Clear);
    }

    /// <summary>All endpoints of a service, in the order of the configuration; empty when there are none.</summary>
    /// <param name="service">The name, such as <c>identity</c>.</param>
    /// <param name="scheme"><c>http</c>, <c>https</c>, or both by preference as in <c>https+http</c>.</param>
    public ImmutableArray<Uri> Find(string service, string scheme = "http") => RoundOf(service, scheme).All;

    /// <summary>The endpoint whose turn it is, or null when the service is not configured.</summary>
    /// <param name="service">The name, such as <c>identity</c>.</param>
    /// <param name="scheme"><c>http</c>, <c>https</c>, or both by preference as in <c>https+http</c>.</param>
    public Uri? Next(string service, string scheme = "http") => RoundOf(service, scheme).Next();

    /// <summary>Calls back after every change of the configuration, until the result is disposed.</summary>
    public IDisposable OnChange(Action changed) => ChangeToken.OnChange(_configuration.GetReloadToken, () =>
    {
        _rounds.Clear();
        changed();
    });

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    private Round RoundOf(string service, string scheme)
    {
        string key = $"{scheme}://{service}";
        return _rounds.TryGetValue(key, out Round? round) ? round : Remember(key, Read(service, scheme));
    }

    // Hosts that are no services of ours are not kept: their number has no bound.
    private Round Remember(string key, Round round) => round.All.IsEmpty ? round : _rounds.GetOrAdd(key, round);

    private Round Read(string service, string schemes)
    {
        foreach (string scheme in schemes.Split('+'))
        {
            ImmutableArray<Uri> found = [.. _configuration.GetSection($"services:{service}:{scheme}").GetChildren()
                .OrderBy(static entry => int.TryParse(entry.Key, out int index) ? index : int.MaxValue)
                .Select(static entry => Uri.TryCreate(entry.Value, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" ? uri : null)
                .OfType<Uri>()];
            if (!found.IsEmpty)
            {
                return new Round(found);
            }
        }

        return new Round([]);
    }

    private sealed class Round(ImmutableArray<Uri> all)
    {
        private uint _turn = uint.MaxValue;

        public ImmutableArray<Uri> All => all;

        public Uri? Next() => all.IsEmpty ? null : all[(int)(Interlocked.Increment(ref _turn) % (uint)all.Length)];
    }
}
