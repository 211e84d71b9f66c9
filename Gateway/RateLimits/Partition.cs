using System.Globalization;
using System.Text;

namespace Gateway.RateLimits;

/// <summary>How an attempt to take a permit ended.</summary>
internal enum Take
{
    Taken,

    /// <summary>None is left, and it is known for how long.</summary>
    Refused,

    /// <summary>None is left here; there may be more in Redis.</summary>
    Undecided,
}

/// <summary>
/// One partition at this gateway. Requests only count: <c>taken</c> grows, and up to <c>ceiling</c> a permit is there,
/// without a lock. Raising the ceiling is the sharing loop's, by what was granted it: permits held for this gateway until
/// the lease ends, and beyond it the small advance. Both numbers run on from the partition's beginning, so that requests
/// need not stop while they change. Milliseconds of a clock that does not go back.
/// </summary>
internal sealed class Partition
{
    private Quota _quota;
    private long _taken;
    private long _ceiling;
    private long _ceilingWithoutLease;
    private long _leaseEnds;
    private long _refusedUntil;
    private long _touched;
    private int _wanting;
    private int _queued;
    private Standing _standing;

    // The sharing loop's alone.
    private UsageWindow _window;
    private Quota _counted;
    private long _collected;
    private long _leased;

    public Partition(LimitPolicy policy, PartitionKey key, Quota quota, long now)
    {
        (Policy, Key, _quota, _counted, _touched) = (policy, key, quota, quota, now);
        _ceiling = _ceilingWithoutLease = quota.Advance;
        _standing = new Standing(0, 0, now + quota.Window, now + quota.Window);
    }

    public LimitPolicy Policy { get; }

    public PartitionKey Key { get; }

    public Quota Quota => Volatile.Read(ref _quota);

    /// <summary>The name in Redis; with the window, so that gateways whose configuration differs for a moment count apart.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{SharedPermits.Prefix}{Policy.Name}:{Quota.WindowSeconds}:{Key}");

    public Take TryTake(long now)
    {
        _touched = now;
        var ceiling = now < Volatile.Read(ref _leaseEnds) ? Volatile.Read(ref _ceiling) : Volatile.Read(ref _ceilingWithoutLease);
        if (Volatile.Read(ref _taken) < ceiling)
        {
            if (Interlocked.Increment(ref _taken) <= ceiling)
            {
                return Take.Taken;
            }

            Interlocked.Decrement(ref _taken);
        }

        if (now < Volatile.Read(ref _refusedUntil))
        {
            return Take.Refused;
        }

        Interlocked.Increment(ref _wanting);
        return Take.Undecided;
    }

    /// <summary>A request that was refused by another limit does not count here.</summary>
    public void GiveBack() => Interlocked.Decrement(ref _taken);

    /// <summary>The quota was changed: what was granted or refused under the old one no longer holds, and Redis is asked anew.</summary>
    public void Adopt(Quota quota)
    {
        Volatile.Write(ref _quota, quota);
        Volatile.Write(ref _ceiling, Volatile.Read(ref _taken));
        Volatile.Write(ref _ceilingWithoutLease, Volatile.Read(ref _ceiling));
        Volatile.Write(ref _refusedUntil, 0);
    }

    /// <summary>True for the one caller who is to put it into the queue.</summary>
    public bool Enqueue() => Volatile.Read(ref _queued) == 0 && Interlocked.Exchange(ref _queued, 1) == 0;

    public void Dequeued() => Volatile.Write(ref _queued, 0);

    /// <summary>What is left for the client as far as known here, and the seconds until more comes.</summary>
    public (int Remaining, int Seconds) Tell(long now)
    {
        var (standing, quota) = (Volatile.Read(ref _standing), Quota);
        var taken = Volatile.Read(ref _taken) - standing.Taken;
        var old = now >= standing.Until;
        var remaining = Math.Clamp(quota.Permits - taken - (old ? 0 : standing.Used), 0, quota.Permits);
        return ((int)remaining, old ? quota.WindowSeconds : Seconds(standing.FadesAt - now, quota));
    }

    /// <summary>Seconds until a refused client may come again.</summary>
    public int Wait(long now) => Seconds(Volatile.Read(ref _refusedUntil) - now, Quota);

    /// <summary>Nothing of it counts any more, here or in Redis.</summary>
    public bool IsIdle(long now, long lease) =>
        now - Volatile.Read(ref _touched) > Quota.Window + Quota.Part + lease && Volatile.Read(ref _queued) == 0;

    /// <summary>Moves what was taken since the last time into the window and says what to ask for.</summary>
    /// <param name="at">When it was taken, on average.</param>
    public Demand Collect(long now, long at)
    {
        var quota = Quota;
        if (quota.WindowSeconds != _counted.WindowSeconds)
        {
            _window = default;
        }

        _counted = quota;
        var taken = Volatile.Read(ref _taken);
        var fresh = (int)(taken - _collected);
        _window.Add(quota, at, fresh);
        _collected = taken;
        Policy.Admitted += fresh;
        var keep = now < Volatile.Read(ref _leaseEnds) ? (int)Math.Max(0, _leased - taken) : 0;

        // Twice what was asked for since the last time: doubles while demand grows, and holds little while it is small.
        var wish = Math.Clamp(2L * (Math.Max(0, fresh) + Interlocked.Exchange(ref _wanting, 0)), 1, quota.Permits);
        return new Demand(quota, keep, (int)Math.Max(0, wish - keep));
    }

    public void WriteUsage(long now, StringBuilder text) => _window.Write(_counted, now, text);

    /// <summary>Redis has granted permits.</summary>
    public void Grant(Demand demand, Granted granted, long now, long leaseEnds, long pace)
    {
        var advance = Math.Clamp(granted.Free, 0, demand.Quota.Advance);
        _leased = _collected + demand.Keep + granted.Permits;
        var refusedUntil = granted.Free > 0 ? 0 : now + Math.Max(pace, granted.Wait);
        Raise(demand.Quota, _leased + advance, _collected + advance, leaseEnds, refusedUntil, granted.Used, now + granted.FadesIn, now);
    }

    /// <summary>Without Redis: what is left of this gateway's share.</summary>
    public void GrantLocally(Demand demand, int gateways, long now, long leaseEnds, long pace)
    {
        var quota = demand.Quota;
        var used = _window.Used(quota, now);
        var share = quota.Share(gateways);
        var free = (long)Math.Max(0, Math.Floor(share - used));
        _leased = 0; // nothing is held in Redis

        // All of the share is handed out, so whoever finds none refuses until some of what counts now has faded.
        var refusedUntil = free > 0 ? 0 : now + Math.Max(pace, _window.WaitFor(quota, now, used + 1 - share));
        Raise(
            quota, _collected + free, _collected + free, leaseEnds, refusedUntil,
            quota.Permits - share + (long)Math.Ceiling(used), now + _window.FadesIn(quota, now), now);
    }

    private void Raise(Quota quota, long ceiling, long withoutLease, long leaseEnds, long refusedUntil, long used, long fadesAt, long now)
    {
        if (quota != Quota)
        {
            return; // changed meanwhile; the next round asks by the new one
        }

        Volatile.Write(ref _standing, new Standing(used, _collected, fadesAt, now + quota.Window + quota.Part));
        Volatile.Write(ref _ceiling, ceiling);
        Volatile.Write(ref _ceilingWithoutLease, withoutLease);
        Volatile.Write(ref _leaseEnds, leaseEnds);
        Volatile.Write(ref _refusedUntil, refusedUntil);
        if (Quota is { } changed && changed != quota)
        {
            Adopt(changed); // between the look and the writes
        }
    }

    private static int Seconds(long milliseconds, Quota quota) => (int)Math.Clamp((milliseconds + 999) / 1000, 1, quota.WindowSeconds);

    /// <summary>What the last answer said, for headers.</summary>
    /// <param name="Used">By all gateways.</param>
    /// <param name="Taken">Here, when that was counted.</param>
    /// <param name="FadesAt">When the oldest of it begins to fade.</param>
    /// <param name="Until">When none of it counts any more.</param>
    private sealed record Standing(long Used, long Taken, long FadesAt, long Until);
}

/// <summary>What a partition asks for.</summary>
/// <param name="Keep">Permits held for this gateway already and not used.</param>
/// <param name="Want">More than those.</param>
internal readonly record struct Demand(Quota Quota, int Keep, int Want);

/// <summary>What it gets.</summary>
/// <param name="Permits">Held for this gateway from now on, beside those it keeps.</param>
/// <param name="Free">Held for nobody.</param>
/// <param name="Used">By all gateways in the last window.</param>
/// <param name="Wait">Milliseconds until one is free, when none is.</param>
/// <param name="FadesIn">Milliseconds until the oldest usage begins to fade.</param>
internal readonly record struct Granted(int Permits, long Free, long Used, long Wait, long FadesIn);
