using System.Collections.Concurrent;

namespace Gateway.RateLimits;

/// <summary>A policy and its partitions here. It outlives a change of its quota.</summary>
internal sealed class LimitPolicy(string name, PartitionKind kind)
{
    private readonly ConcurrentDictionary<PartitionKey, Partition> _partitions = [];
    private Quota? _quota;
    private int _count;
    private int _most;
    private long _refused;

    public string Name { get; } = name;

    public PartitionKind Kind { get; } = kind;

    public Quota Quota => Volatile.Read(ref _quota)!;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Requests that took a permit. Counted by the sharing loop.</summary>
    public long Admitted { get; set; }

    public long Refused => Volatile.Read(ref _refused);

    public IEnumerable<Partition> Partitions => _partitions.Select(static pair => pair.Value);

    public bool IsFull => Count >= Volatile.Read(ref _most);

    public void Set(Quota quota, int mostPartitions)
    {
        Volatile.Write(ref _most, mostPartitions);
        if (_quota != quota)
        {
            Volatile.Write(ref _quota, quota);
        }
    }

    public void CountRefusal() => Interlocked.Increment(ref _refused);

    /// <summary>The partition, made when it is new. When there is no room, one that several share: neither open nor shut.</summary>
    /// <param name="own">A limit of its own in place of the policy's, or null.</param>
    public Partition PartitionOf(PartitionKey key, OwnLimit? own, long now)
    {
        if (!_partitions.TryGetValue(key, out var partition))
        {
            (key, own) = IsFull ? (key.Shared(), null) : (key, own);
            partition = _partitions.GetOrAdd(key, static (one, state) => state.Policy.Make(one, state.Own, state.Now), (Policy: this, Own: own, Now: now));
        }

        var quota = QuotaOf(partition, own);
        if (!ReferenceEquals(quota, partition.Quota))
        {
            partition.Adopt(quota);
        }

        return partition;
    }

    /// <summary>Forgets what counts no longer.</summary>
    public void Sweep(long now, long lease)
    {
        foreach (var (key, partition) in _partitions)
        {
            if (partition.IsIdle(now, lease) && _partitions.TryRemove(key, out _))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    private Partition Make(PartitionKey key, OwnLimit? own, long now)
    {
        Interlocked.Increment(ref _count);
        return new Partition(this, key, QuotaOf(own), now);
    }

    private Quota QuotaOf(Partition partition, OwnLimit? own)
    {
        var current = partition.Quota;
        return own is not { } limit || partition.Key.IsShared ? Quota
            : limit.Since < current.Since || (current.Since > 0 && current.Permits == limit.PerMinute) ? current
            : QuotaOf(own);
    }

    private Quota QuotaOf(OwnLimit? own) => own is { PerMinute: { } permits, Since: var since } ? new Quota(Name, permits, 60) { Since = since } : Quota;
}

/// <summary>A limit that a token brings along.</summary>
/// <param name="PerMinute">Null where it brings none, and the policy's holds.</param>
/// <param name="Since">When the token was issued, in Unix seconds: an older one does not bring the older limit back.</param>
internal readonly record struct OwnLimit(int? PerMinute, long Since);
