using Microsoft.Extensions.Options;

namespace AuditService.Evidence;

/// <summary>Tells the publishing of checkpoints that so many records were added that the next one is due at once.</summary>
internal sealed class CheckpointSignal(IOptions<EvidenceOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _due = new(0, 1);
    private int _added;

    public void Added(int records)
    {
        if (Interlocked.Add(ref _added, records) < options.Value.CheckpointRecords || _due.CurrentCount > 0)
        {
            return;
        }

        try
        {
            _due.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another one was quicker to say the same.
        }
    }

    /// <summary>Until a checkpoint is due, by number or by time.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _due.WaitAsync(options.Value.CheckpointEvery, cancellationToken);
        Interlocked.Exchange(ref _added, 0);
    }

    public void Dispose() => _due.Dispose();
}
