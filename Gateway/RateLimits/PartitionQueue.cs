using System.Collections.Concurrent;

namespace Gateway.RateLimits;

/// <summary>Partitions that were used or want permits, between the requests and the sharing loop, and the end of its rounds.</summary>
internal sealed class PartitionQueue : IDisposable
{
    private readonly ConcurrentQueue<Partition> _queue = [];
    private readonly SemaphoreSlim _woken = new(0);
    private TaskCompletionSource _round = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _signalled;

    /// <summary>Ends with the round that is under way, or with the next.</summary>
    public Task NextRound => Volatile.Read(ref _round).Task;

    /// <summary>Something was taken or is wanted.</summary>
    public void Add(Partition partition)
    {
        if (partition.Enqueue())
        {
            _queue.Enqueue(partition);
            if (Interlocked.Exchange(ref _signalled, 1) == 0)
            {
                _woken.Release();
            }
        }
    }

    /// <summary>Until there is something, or the time has passed.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await ((Task)_woken.WaitAsync(atMost, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Exchange(ref _signalled, 0);
    }

    public List<Partition> Drain()
    {
        List<Partition> queued = [];
        while (_queue.TryDequeue(out var partition))
        {
            partition.Dequeued();
            queued.Add(partition);
        }

        return queued;
    }

    /// <summary>Those who waited look again.</summary>
    public void EndRound() =>
        Interlocked.Exchange(ref _round, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    public void Dispose() => _woken.Dispose();
}
