using Microsoft.Extensions.Options;

namespace Gateway.RequestAudit;

/// <summary>
/// Sends the journal to the bus in order, oldest segment first. While the bus is away nothing is lost of what is in the
/// journal; at the end of the process what is left stays there for the next one.
/// </summary>
internal sealed partial class JournalShipping(
    RequestRecords records,
    AuditJournal journal,
    JournalWriting writing,
    JournalPublishing publishing,
    GatewayMetrics metrics,
    IOptions<RequestAuditOptions> options,
    TimeProvider time,
    ILogger<JournalShipping> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _writing = Task.CompletedTask;
    private Task _shipping = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _writing = Task.Run(writing.RunAsync, CancellationToken.None);
        _shipping = Task.Run(ShipAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        records.Complete();
        await _writing.WaitAsync(cancellationToken);
        _stopping.CancelAfter(journal.Sync ? TimeSpan.Zero : options.Value.ConfirmTimeout);
        await _shipping.WaitAsync(cancellationToken);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task ShipAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (journal.IsEmpty)
            {
                if (_writing.IsCompleted)
                {
                    return;
                }

                await GatherAsync();
            }
            else if (await SendOldestAsync())
            {
                journal.Sync = false;
            }
            else
            {
                journal.Sync = true;
                await Task.Delay(RetryPause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// Until there is a batch, or the window of its first record is over: batches sent one by one hold up fewer requests
    /// than many at once. At the end of the process there is nothing to wait for.
    /// </summary>
    private async Task GatherAsync()
    {
        await WrittenAsync(RetryPause);
        var start = time.GetTimestamp();
        while (!_writing.IsCompleted && journal.Waiting < options.Value.Batch && options.Value.Window - time.GetElapsedTime(start) is { Ticks: > 0 } left)
        {
            await Task.WhenAny(_writing, WrittenAsync(left));
        }
    }

    private async Task WrittenAsync(TimeSpan atMost) =>
        await writing.WrittenAsync(atMost, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Sends what is left of the oldest segment; false when the bus did not take all of it.</summary>
    private async Task<bool> SendOldestAsync()
    {
        if (journal.Oldest() is not { } segment)
        {
            return true;
        }

        JournalHead? head = null;
        List<ReadOnlyMemory<byte>> batch = [];
        var most = segment.Count - segment.Sent > 2 * options.Value.Batch ? options.Value.CatchUpBatch : options.Value.Batch;
        var (line, number) = (0, 0L);
        foreach (var one in segment.Read(journal.Torn))
        {
            line++;
            head = one.Head ?? head;
            number += one.Record.IsEmpty ? 0 : 1;
            if (line <= segment.Sent)
            {
                continue;
            }

            if (!one.Record.IsEmpty)
            {
                batch.Add(one.Record);
            }

            if (batch.Count >= most && !await SendAsync(segment, head, batch, number, line))
            {
                return false;
            }

            if (one.Counted is { } counted)
            {
                // After the records that it counts.
                if (!await SendAsync(segment, head, batch, number, line - 1) || !await publishing.TrySendAsync(counted, _stopping.Token))
                {
                    return false;
                }

                segment.Sent = line;
            }
        }

        if (!await SendAsync(segment, head, batch, number, line))
        {
            return false;
        }

        Remove();
        return true;
    }

    private async Task<bool> SendAsync(JournalSegment segment, JournalHead? head, List<ReadOnlyMemory<byte>> batch, long number, int line)
    {
        if (batch.Count == 0)
        {
            return true;
        }

        if (!await publishing.TrySendAsync(head, head?.First + number - batch.Count, [.. batch], _stopping.Token))
        {
            return false;
        }

        metrics.Audited(journal.Sync ? "replayed" : "published", batch.Count);
        segment.Sent = line;
        batch.Clear();
        return true;
    }

    private void Remove()
    {
        try
        {
            journal.RemoveOldest();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is off the queue; the next process sends it again, which does no harm.
            LogNotRemoved(logger, fault);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "A file of request audit that was sent cannot be deleted")]
    private static partial void LogNotRemoved(ILogger logger, Exception fault);
}
