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
    /// <param name="permits">A limit of its own, in requests a minute, or null.</param>
    public Partition PartitionOf(PartitionKey key, int? permits, long now)
    {
        if (!_partitions.TryGetValue(key, out var partition))
        {
            key = IsFull ? key.Shared() : key;
            partition = _partitions.GetOrAdd(key, static (one, state) => state.Policy.Make(one, state.Permits, state.Now), (Policy: this, Permits: permits, Now: now));
        }

        var quota = partition.Quota;
        if (permits is { } own ? quota.Permits != own || quota.WindowSeconds != 60 : !ReferenceEquals(quota, Quota))
        {
            partition.Adopt(QuotaOf(permits));
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

    private Partition Make(PartitionKey key, int? permits, long now)
    {
        Interlocked.Increment(ref _count);
        return new Partition(this, key, QuotaOf(permits), now);
    }

    private Quota QuotaOf(int? permits) => permits is { } own ? new Quota(Name, own, 60) : Quota;
}
