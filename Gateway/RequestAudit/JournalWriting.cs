using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

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
    private const int MostAtOnce = 1000;

    // A write costs as much as a dozen records, so some are gathered; what a killed process can lose is what came meanwhile.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim _written = new(0, 1);
    private readonly RequestCount _count = new(time.GetUtcNow());
    private long _number;

    /// <summary>Until the requests have ended and all of their records are in the journal.</summary>
    public async Task RunAsync()
    {
        List<RequestRecord> some = new(MostAtOnce);
        var more = true;
        while (more)
        {
            more = await WaitAsync();
            if (more)
            {
                await Task.WhenAny(records.Completed, Task.Delay(Gathering, time));
            }

            while (some.Count < MostAtOnce && records.Reader.TryRead(out var record))
            {
                some.Add(record);
            }

            Write(some);
            some.Clear();
            if (!more || time.GetUtcNow() >= _count.From + options.Value.CountEvery)
            {
                WriteCount();
            }

            Wake();
        }
    }

    /// <summary>Until something was written or the time is over.</summary>
    public Task WrittenAsync(TimeSpan atMost, CancellationToken cancellationToken) => _written.WaitAsync(atMost, cancellationToken);

    /// <summary>Until there are records or a count is due; false at the end.</summary>
    private async Task<bool> WaitAsync()
    {
        if (records.Reader.TryPeek(out _))
        {
            return true;
        }

        var due = _count.From + options.Value.CountEvery - time.GetUtcNow();
        if (due <= TimeSpan.Zero)
        {
            return true;
        }

        using CancellationTokenSource limit = new(due, time);
        try
        {
            return await records.Reader.WaitToReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private void Write(List<RequestRecord> some)
    {
        if (some.Count == 0)
        {
            return;
        }

        var first = journal.Next;
        if (journal.Append(some) is { } fault)
        {
            records.Dropped(fault, some.Count);
            LogLost(logger, some.Count, fault);
            return;
        }

        metrics.Audited("recorded", some.Count);
        _count.Add(first, some);
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
