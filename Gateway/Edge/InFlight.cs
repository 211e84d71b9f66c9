using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Gateway.Edge;

/// <summary>Section <c>Overload</c>: how much the gateway does at once.</summary>
internal sealed class OverloadOptions
{
    public const string Section = "Overload";

    /// <summary>Requests under way; beyond that they are refused at once rather than made to wait.</summary>
    [Range(1, 1_000_000)]
    public int Requests { get; set; } = 4000;

    /// <summary>Of these, requests under way to one service: one that hangs takes its own part and not the others'.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerService { get; set; } = 1000;

    /// <summary>Event streams and WebSockets open; a bound of their own, so that they never take the requests' room.</summary>
    [Range(1, 1_000_000)]
    public int Streams { get; set; } = 10_000;
}

/// <summary>Counts what is under way, in memory and without a lock.</summary>
internal sealed class InFlight
{
    private readonly IOptionsMonitor<OverloadOptions> _options;
    private readonly ConcurrentDictionary<string, ServiceRequests> _services = new(StringComparer.OrdinalIgnoreCase);
    private int _requests;
    private int _streams;

    public InFlight(IOptionsMonitor<OverloadOptions> options, GatewayMetrics metrics)
    {
        _options = options;
        metrics.Observe("platform.gateway.requests.in_flight", "{request}", "Requests under way, streams aside", () => Volatile.Read(ref _requests));
        metrics.Observe("platform.gateway.streams.open", "{stream}", "Event streams and WebSockets open", () => Volatile.Read(ref _streams));
    }

    public bool TryEnter(bool stream) => stream
        ? TryEnter(ref _streams, _options.CurrentValue.Streams)
        : TryEnter(ref _requests, _options.CurrentValue.Requests);

    /// <summary>A place among the requests to a service; null when all of them are taken.</summary>
    public ServiceRequests? TryEnter(string service)
    {
        var requests = _services.GetOrAdd(service, static _ => new ServiceRequests());
        return requests.TryEnter(_options.CurrentValue.RequestsPerService) ? requests : null;
    }

    public void Leave(bool stream)
    {
        if (stream)
        {
            Interlocked.Decrement(ref _streams);
        }
        else
        {
            Interlocked.Decrement(ref _requests);
        }
    }

    private static bool TryEnter(ref int count, int most)
    {
        if (Interlocked.Increment(ref count) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref count);
        return false;
    }

    /// <summary>The requests under way to one service, streams aside.</summary>
    public sealed class ServiceRequests
    {
        private int _count;

        public bool TryEnter(int most) => InFlight.TryEnter(ref _count, most);

        public void Leave() => Interlocked.Decrement(ref _count);
    }
}
