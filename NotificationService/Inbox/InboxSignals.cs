namespace NotificationService.Inbox;

/// <summary>Wakes the open streams of a person when an entry of theirs has been committed, by whichever replica.</summary>
internal sealed class InboxSignals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, List<InboxSignal>> _streams = [];

    /// <summary>Streams that are open now.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _streams.Values.Sum(streams => streams.Count);
            }
        }
    }

    public InboxSignal Listen(Guid user)
    {
        var signal = new InboxSignal(gone => Forget(user, gone));
        lock (_gate)
        {
            if (!_streams.TryGetValue(user, out var streams))
            {
                _streams[user] = streams = [];
            }

            streams.Add(signal);
        }

        return signal;
    }

    public void Wake(Guid user)
    {
        lock (_gate)
        {
            foreach (var signal in _streams.GetValueOrDefault(user) ?? [])
            {
                signal.Wake();
            }
        }
    }

    /// <summary>After notifications may have been missed.</summary>
    public void WakeAll()
    {
        lock (_gate)
        {
            foreach (var signal in _streams.Values.SelectMany(streams => streams))
            {
                signal.Wake();
            }
        }
    }

    private void Forget(Guid user, InboxSignal signal)
    {
        lock (_gate)
        {
            if (_streams.TryGetValue(user, out var streams) && streams.Remove(signal) && streams.Count == 0)
            {
                _streams.Remove(user);
            }
        }
    }
}

/// <summary>One stream's wake-up.</summary>
internal sealed class InboxSignal(Action<InboxSignal> forget) : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);

    /// <summary>False after <paramref name="longest"/>, and when cancelled.</summary>
    public async Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        try
        {
            return await _set.WaitAsync(longest, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Wake()
    {
        try
        {
            _set.Release();
        }
        catch (Exception fault) when (fault is SemaphoreFullException or ObjectDisposedException)
        {
            // Awake already, or gone.
        }
    }

    public void Dispose()
    {
        forget(this);
        _set.Dispose();
    }
}
