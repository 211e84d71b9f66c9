using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>Counts the records of one window by result and by API key.</summary>
internal sealed class RequestCount(DateTimeOffset from)
{
    // A count is one message, some 100 octets a key.
    private const int MostKeys = 1000;

    private readonly Dictionary<string, (long Count, DateTimeOffset LastAt)> _keys = new(StringComparer.Ordinal);
    private long? _first;
    private long _success;
    private long _denied;
    private long _failure;

    public DateTimeOffset From { get; private set; } = from;

    /// <summary>Whether the window should end before its time.</summary>
    public bool IsFull => _keys.Count >= MostKeys;

    /// <param name="first">Number of the first of them.</param>
    /// <param name="lines">Those that were kept are counted.</param>
    /// <param name="kept">How many of them, from the first on.</param>
    public void Add(long first, IReadOnlyList<RecordLine> lines, int kept)
    {
        _first ??= first;
        for (var line = 0; line < kept; line++)
        {
            if (lines[line].ApiKey is { } key)
            {
                var (count, lastAt) = _keys.GetValueOrDefault(key);
                _keys[key] = (count + 1, lines[line].At > lastAt ? lines[line].At : lastAt);
            }

            switch (lines[line].Result)
            {
                case AuditResult.Success:
                    _success++;
                    break;
                case AuditResult.Denied:
                    _denied++;
                    break;
                default:
                    _failure++;
                    break;
            }
        }
    }

    /// <summary>Ends the window and begins the next; null when there was nothing to count.</summary>
    public RequestsCounted? Close(DateTimeOffset now, string gateway, Guid run, long number, long dropped)
    {
        var counted = _first is null && dropped == 0
            ? null
            : new RequestsCounted(
                new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("gateway"), null, null, null, null),
                gateway, run, number, From, now, _first, _success, _denied, _failure, dropped, Uses());
        _keys.Clear();
        (_first, _success, _denied, _failure, From) = (null, 0, 0, 0, now);
        return counted;
    }

    private List<ApiKeyUse>? Uses()
    {
        List<ApiKeyUse>? uses = null;
        foreach (var (key, (count, lastAt)) in _keys)
        {
            if (Guid.TryParse(key, out var id))
            {
                (uses ??= []).Add(new ApiKeyUse(id, count, lastAt));
            }
        }

        return uses;
    }
}
