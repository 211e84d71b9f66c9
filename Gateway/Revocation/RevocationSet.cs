using ServiceDefaults.Contracts;

namespace Gateway.Revocation;

/// <summary>
/// Every revocation that a living token could still meet, in memory. The order in which they come and how often does not
/// matter: of two about the same id the stricter holds, and nothing but time takes one away. Safe for concurrent use;
/// reading takes no lock.
/// </summary>
internal sealed class RevocationSet
{
    // A token lives for the clock skew longer than it says, and clocks differ. In seconds.
    private const uint Margin = 60;

    private readonly RevocationTable _tokens = new(limited: false);
    private readonly RevocationTable _sessions = new(limited: false);
    private readonly RevocationTable _subjects = new(limited: true);
    private readonly RevocationTable _clients = new(limited: true);
    private readonly RevocationTable _tenants = new(limited: true);
    private readonly RevocationTable _keys = new(limited: false);
    private bool _keysDropped;
    private long _cutoff;
    private long _version;
    private int _swept;

    /// <summary>Entries held.</summary>
    public int Count => _tokens.Count + _sessions.Count + _subjects.Count + _clients.Count + _tenants.Count + _keys.Count;

    /// <summary>Memory that the entries take, in bytes.</summary>
    public long Size => _tokens.Size + _sessions.Size + _subjects.Size + _clients.Size + _tenants.Size + _keys.Size;

    /// <summary>
    /// Grows after each change. Read before <see cref="Covers"/>: while it stays, so does the answer "not covered".
    /// </summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Whether any of the checks refuses the token: by itself, its session, an epoch or cut-off of its subject, client or tenant, the global cut-off, a signing key that was dropped.</summary>
    public bool Covers(RevocableToken token) =>
        _tokens.Contains(token.TokenId)
        || CoversSession(token)
        || (_subjects.TryGet(token.Subject, out var subject) && RevocationLimit.Refuses(subject, token))
        || (_clients.TryGet(token.Client, out var client) && RevocationLimit.Refuses(client, token))
        || (_tenants.TryGet(token.Tenant, out var tenant) && RevocationLimit.Refuses(tenant, token))
        || token.IssuedAt < Volatile.Read(ref _cutoff)
        || (Volatile.Read(ref _keysDropped) && _keys.Contains(token.SigningKey));

    /// <summary>Whether its session was ended: no new token will come of it.</summary>
    public bool CoversSession(RevocableToken token) => token.SessionId is { } session && _sessions.Contains(session);

    /// <summary>Adds one; again, or after a stricter one, it changes nothing.</summary>
    /// <exception cref="ArgumentException">A global one without a cut-off, or a kind that is not known.</exception>
    public void Apply(RevocationKind kind, string value, long? epoch, DateTimeOffset? cutoff, DateTimeOffset expiresAt)
    {
        var until = (uint)Math.Min((long)RevocationLimit.SecondsOf(expiresAt) + Margin, uint.MaxValue);
        var changed = kind switch
        {
            RevocationKind.Token => _tokens.Add(RevocableToken.KeyOf(value), until, 0),
            RevocationKind.Session => _sessions.Add(RevocableToken.KeyOf(value), until, 0),
            RevocationKind.Subject => _subjects.Add(RevocableToken.KeyOf(value), until, RevocationLimit.Of(epoch, cutoff)),
            RevocationKind.Client => _clients.Add(RevocableToken.KeyOf(value), until, RevocationLimit.Of(epoch, cutoff)),
            RevocationKind.Tenant => _tenants.Add(RevocableToken.KeyOf(value), until, RevocationLimit.Of(epoch, cutoff)),
            RevocationKind.Global => RaiseCutoff(cutoff ?? throw new ArgumentException("A global revocation needs a cut-off.", nameof(cutoff))),
            RevocationKind.Key => DropKey(value),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind of revocation is not known."),
        };
        if (changed)
        {
            Interlocked.Increment(ref _version);
        }
    }

    /// <summary>Forgets what no living token can meet any more, a 64th at each call.</summary>
    public void Sweep(DateTimeOffset now)
    {
        var shard = _swept = (_swept + 1) % RevocationTable.Shards;
        var instant = (uint)now.ToUnixTimeSeconds();
        foreach (var table in (ReadOnlySpan<RevocationTable>)[_tokens, _sessions, _subjects, _clients, _tenants, _keys])
        {
            table.Sweep(shard, instant);
        }
    }

    // Hardly ever; until then a check costs one look at a flag. Kept for good: what such a key signed names its own end.
    private bool DropKey(string value)
    {
        var changed = _keys.Add(RevocableToken.KeyOf(value), uint.MaxValue, 0);
        Volatile.Write(ref _keysDropped, true);
        return changed;
    }

    private bool RaiseCutoff(DateTimeOffset cutoff)
    {
        long raised = RevocationLimit.SecondsOf(cutoff);
        var known = Volatile.Read(ref _cutoff);
        while (known < raised)
        {
            var found = Interlocked.CompareExchange(ref _cutoff, raised, known);
            if (found == known)
            {
                return true;
            }

            known = found;
        }

        return false;
    }
}
