using System.Collections.Concurrent;
using ServiceDefaults.Contracts;

namespace Gateway.Revocation;

/// <summary>
/// Every revocation that a living token could still meet, in memory. The order in which they come and how often does not
/// matter: of two about the same id the stricter holds, and nothing but time takes one away. Safe for concurrent use;
/// reading takes no lock.
/// </summary>
internal sealed class RevocationSet
{
    // A token lives for the clock skew longer than it says, and clocks differ.
    private const long Margin = 60_000;

    private readonly ConcurrentDictionary<Guid, long> _tokens = [];
    private readonly ConcurrentDictionary<Guid, long> _sessions = [];
    private readonly ConcurrentDictionary<Guid, Limit> _subjects = [];
    private readonly ConcurrentDictionary<Guid, Limit> _clients = [];
    private readonly ConcurrentDictionary<Guid, Limit> _tenants = [];
    private readonly Lock _gate = new();
    private long _cutoff = long.MinValue;

    /// <summary>Entries held.</summary>
    public int Count => _tokens.Count + _sessions.Count + _subjects.Count + _clients.Count + _tenants.Count;

    /// <summary>Whether any of the four checks refuses the token: by itself, its session, an epoch or cut-off of its subject, client or tenant, the global cut-off.</summary>
    public bool Covers(RevocableToken token) =>
        _tokens.ContainsKey(token.TokenId)
        || (token.SessionId is { } session && _sessions.ContainsKey(session))
        || (_subjects.TryGetValue(token.Subject, out var subject) && subject.Refuses(token))
        || (_clients.TryGetValue(token.Client, out var client) && client.Refuses(token))
        || (_tenants.TryGetValue(token.Tenant, out var tenant) && tenant.Refuses(token))
        || token.IssuedAt < Volatile.Read(ref _cutoff);

    /// <summary>Adds one; again, or after a stricter one, it changes nothing.</summary>
    public void Apply(RevocationKind kind, string value, long? epoch, DateTimeOffset? cutoff, DateTimeOffset expiresAt)
    {
        var until = expiresAt.ToUnixTimeMilliseconds() + Margin;
        switch (kind)
        {
            case RevocationKind.Token:
                Add(_tokens, value, until);
                break;
            case RevocationKind.Session:
                Add(_sessions, value, until);
                break;
            case RevocationKind.Subject:
                Add(_subjects, value, Limit.Of(epoch, cutoff, until));
                break;
            case RevocationKind.Client:
                Add(_clients, value, Limit.Of(epoch, cutoff, until));
                break;
            case RevocationKind.Tenant:
                Add(_tenants, value, Limit.Of(epoch, cutoff, until));
                break;
            case RevocationKind.Global:
                RaiseCutoff(cutoff ?? throw new ArgumentException("A global revocation needs a cut-off.", nameof(cutoff)));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind of revocation is not known.");
        }
    }

    /// <summary>Forgets what no living token can meet any more.</summary>
    public void Sweep(DateTimeOffset now)
    {
        var instant = now.ToUnixTimeMilliseconds();
        Sweep(_tokens, instant, static until => until);
        Sweep(_sessions, instant, static until => until);
        Sweep(_subjects, instant, static limit => limit.Until);
        Sweep(_clients, instant, static limit => limit.Until);
        Sweep(_tenants, instant, static limit => limit.Until);
    }

    private static void Add(ConcurrentDictionary<Guid, long> entries, string value, long until) =>
        entries.AddOrUpdate(
            RevocableToken.KeyOf(value), static (_, added) => added, static (_, known, added) => Math.Max(known, added), until);

    private static void Add(ConcurrentDictionary<Guid, Limit> entries, string value, Limit limit) =>
        entries.AddOrUpdate(
            RevocableToken.KeyOf(value), static (_, added) => added, static (_, known, added) => known.StricterOf(added), limit);

    private void RaiseCutoff(DateTimeOffset cutoff)
    {
        lock (_gate)
        {
            Volatile.Write(ref _cutoff, Math.Max(_cutoff, cutoff.ToUnixTimeMilliseconds()));
        }
    }

    private static void Sweep<TValue>(ConcurrentDictionary<Guid, TValue> entries, long now, Func<TValue, long> until)
    {
        foreach (var entry in entries)
        {
            if (until(entry.Value) <= now)
            {
                // Only this very value: it may just have been renewed.
                entries.TryRemove(entry);
            }
        }
    }

    /// <summary>What a subject's, client's or tenant's tokens must at least have.</summary>
    private readonly record struct Limit(long Epoch, long Cutoff, long Until)
    {
        // With neither epoch nor cut-off, no token of it is good until the entry ends.
        public static Limit Of(long? epoch, DateTimeOffset? cutoff, long until) => new(
            epoch ?? (cutoff is null ? long.MaxValue : long.MinValue), cutoff?.ToUnixTimeMilliseconds() ?? long.MinValue, until);

        public bool Refuses(RevocableToken token) => token.Epoch < Epoch || token.IssuedAt < Cutoff;

        public Limit StricterOf(Limit other) =>
            new(Math.Max(Epoch, other.Epoch), Math.Max(Cutoff, other.Cutoff), Math.Max(Until, other.Until));
    }
}
