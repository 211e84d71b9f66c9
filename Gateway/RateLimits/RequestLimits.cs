using System.Globalization;
using System.Runtime.CompilerServices;

namespace Gateway.RateLimits;

/// <summary>The limits that one request met, and what its answer says about them.</summary>
internal sealed class RequestLimits(RoutePlan plan)
{
    /// <summary>Policies of one route.</summary>
    public const int Most = 8;

    private Permits _permits;
    private int _count;
    private int _remaining;

    public RoutePlan Plan { get; } = plan;

    /// <summary>The limit that refused, or the tightest of those that did not.</summary>
    public Partition? Tightest { get; private set; }

    /// <summary>Until more permits come, or of a refusal: until the client may come again.</summary>
    public int Seconds { get; private set; }

    /// <summary>A permit was taken.</summary>
    public void Hold(Partition partition, long now)
    {
        _permits[_count++] = partition;
        var (remaining, seconds) = partition.Tell(now);
        if (Tightest is null || remaining < _remaining || (remaining == _remaining && seconds > Seconds))
        {
            (Tightest, _remaining, Seconds) = (partition, remaining, seconds);
        }
    }

    /// <summary>A limit refused: the other limits get their permits back, and the answer tells of this one.</summary>
    public void Refuse(Partition partition, long now)
    {
        for (var index = 0; index < _count; index++)
        {
            _permits[index]!.GiveBack();
        }

        partition.Policy.CountRefusal();
        _permits[_count++] = partition;
        (Tightest, _remaining, Seconds) = (partition, 0, partition.Wait(now));
    }

    /// <summary>draft-ietf-httpapi-ratelimit-headers-11: every policy that applied, and how the tightest of them stands.</summary>
    public void WriteTo(IHeaderDictionary headers)
    {
        if (Tightest is { } tightest)
        {
            headers["RateLimit-Policy"] = Plan.Header(((ReadOnlySpan<Partition?>)_permits)[.._count]);
            headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{tightest.Policy.Name}\";r={_remaining};t={Seconds}");
        }
    }

    [InlineArray(Most)]
    private struct Permits
    {
        private Partition? _first;
    }
}
