namespace IdentityService.Revocations;

/// <summary>Wakes the publisher of this process when a revocation has been committed.</summary>
internal sealed class RevocationSignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);

    /// <summary>Wakes it now, or as soon as it waits.</summary>
    public void Set()
    {
        try
        {
            _set.Release();
        }
        catch (SemaphoreFullException)
        {
            // Set already; one turn writes everything there is.
        }
    }

    /// <summary>Waits for <see cref="Set"/>, at most that long.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _set.WaitAsync(atMost, cancellationToken);

    public void Dispose() => _set.Dispose();
}
