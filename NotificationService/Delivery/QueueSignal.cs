namespace NotificationService.Delivery;

/// <summary>Wakes the dispatcher when a notification has been committed.</summary>
internal sealed class QueueSignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);

    public Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => _set.WaitAsync(longest, cancellationToken);

    public void Wake()
    {
        try
        {
            _set.Release();
        }
        catch (SemaphoreFullException)
        {
            // Awake already; it takes everything that is due.
        }
    }

    public void Dispose() => _set.Dispose();
}
