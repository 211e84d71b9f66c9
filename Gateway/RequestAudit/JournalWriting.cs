using Microsoft.Extensions.Options;

namespace Gateway.RequestAudit;

/// <summary>
/// Writes every record to the journal as soon as it is there, so that a killed process loses none that was written, and a
/// count of each minute after the records it counts.
/// </summary>
internal sealed partial class JournalWriting(
    RequestRecords records,
    AuditJournal journal,
    GatewayInstance gateway,
    GatewayMetrics metrics,
    IOptions<RequestAuditOptions> options,
    TimeProvider time,
    ILogger<JournalWriting> logger)
{
    // A write costs as much as a dozen records, so some are gathered; what a killed process can lose is what came meanwhile.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim _written = new(0, 1);
    private readonly RequestCount _count = new(time.GetUtcNow());
    private long _number;

    /// <summary>Until the requests have ended and all of their records are in the journal.</summary>
    public async Task RunAsync()
    {
        RecordLines some = new();
        var more = true;
        while (more)
        {
            await records.WaitAsync(UntilCount());
            await Task.WhenAny(records.Completed, Task.Delay(Gathering, time));

            // Looked at before they are taken: what came before the end is among them.
            more = !records.Completed.IsCompleted;
            some = records.Take(some);
            Write(some);
            some.Clear();
            if (!more || UntilCount() == TimeSpan.Zero)
            {
                WriteCount();
            }

            Wake();
        }
    }

    /// <summary>Until something was written or the time is over.</summary>
    public Task WrittenAsync(TimeSpan atMost, CancellationToken cancellationToken) => _written.WaitAsync(atMost, cancellationToken);

    private TimeSpan UntilCount()
    {
        if (_count.IsFull)
        {
            return TimeSpan.Zero;
        }

        var due = _count.From + options.Value.CountEvery - time.GetUtcNow();
        return due > TimeSpan.Zero ? due : TimeSpan.Zero;
    }

    private void Write(RecordLines some)
    {
        if (some.Count == 0)
        {
            return;
        }

        var first = journal.Next;
        var (kept, fault) = journal.Append(some);
        if (kept > 0)
        {
            metrics.Audited("recorded", kept);
            _count.Add(first, some.Lines, kept);
        }

        if (fault is not null)
        {
            records.Dropped(fault, some.Count - kept);
            LogLost(logger, some.Count - kept, fault);
        }
    }

    private void WriteCount()
    {
        var now = time.GetUtcNow();
        var counted = _count.Close(now, gateway.Id, journal.Run, _number, records.TakeDropped());
        if (counted is not null)
        {
            // A count that finds no room is a gap in the numbers, as it should be.
            _number++;
            journal.Append(counted);
        }
    }

    private void Wake()
    {
        if (_written.CurrentCount == 0)
        {
            _written.Release();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "{Count} request records are lost: {Reason}")]
    private static partial void LogLost(ILogger logger, int count, string reason);
}
