using System.Threading.Channels;
using AuditService.Evidence;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.Recording;

/// <summary>
/// Group commit: what arrives while a transaction runs shares the next one, so a quiet log is written at once and a busy
/// one in large batches, without a timer. One writer on one connection also means one order of records.
/// </summary>
internal sealed partial class RecordWriter(
    LogAppender log,
    EvidenceState evidence,
    CheckpointSignal checkpoints,
    RecordingMetrics metrics,
    IOptions<RecordingOptions> options,
    TimeProvider time,
    ILogger<RecordWriter> logger) : BackgroundService
{
    /// <summary>Where this class reports a tree that it cannot add to.</summary>
    internal const string Tree = "tree";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Channel<Submission> _waiting = Channel.CreateUnbounded<Submission>(new() { SingleReader = true });

    /// <summary>Completes when the rows are committed, and only then; throws what PostgreSQL said when they are not.</summary>
    public async Task StoreAsync(IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        var submission = new Submission(rows, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync(submission, cancellationToken);
        await submission.Stored.Task.WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<Submission> group = [];
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                Gather(group);
                await WaitForSoundEvidenceAsync(stoppingToken);
                await WriteAsync(group, stoppingToken);
                group.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The broker keeps what was not acknowledged and delivers it again.
            _waiting.Writer.TryComplete();
            while (_waiting.Reader.TryRead(out var left))
            {
                group.Add(left);
            }

            group.ForEach(submission => submission.Stored.TrySetCanceled(CancellationToken.None));
        }
    }

    private void Gather(List<Submission> group)
    {
        var rows = 0;
        while (rows < options.Value.MostPerTransaction && _waiting.Reader.TryRead(out var next))
        {
            group.Add(next);
            rows += next.Rows.Count;
        }
    }

    // Nothing is recorded that could not be proved: the messages stay with the broker, unacknowledged.
    private async Task WaitForSoundEvidenceAsync(CancellationToken cancellationToken)
    {
        while (!evidence.IsSound)
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task WriteAsync(List<Submission> group, CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(group, cancellationToken);
        }
        catch (BrokenTreeException fault)
        {
            metrics.Failed(fault);
            if (evidence.Report(Tree, fault.Message))
            {
                LogBrokenTree(logger, fault.Message);
            }

            await WaitForSoundEvidenceAsync(cancellationToken);
            await WriteAsync(group, cancellationToken);
        }
        catch (PostgresException fault) when (group.Count > 1 && !fault.IsTransient)
        {
            // One of them is poison: alone, it fails alone.
            metrics.Failed(fault);
            LogTakenApart(logger, group.Count, fault.SqlState);
            foreach (var submission in group)
            {
                await WriteAsync([submission], cancellationToken);
            }
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException or InvalidOperationException
            or InvalidCastException or ArgumentException)
        {
            metrics.Failed(fault);
            group.ForEach(submission => submission.Stored.TrySetException(fault));
        }
    }

    private async Task CommitAsync(List<Submission> group, CancellationToken cancellationToken)
    {
        AuditRow[] rows = [.. group.SelectMany(submission => submission.Rows)];
        var start = time.GetTimestamp();
        var fresh = await log.AppendAsync(rows, cancellationToken);
        metrics.Written(rows, fresh, time.GetElapsedTime(start), time.GetUtcNow());
        group.ForEach(submission => submission.Stored.TrySetResult());
        checkpoints.Added(fresh);
    }

    [LoggerMessage(1, LogLevel.Warning, "PostgreSQL refused a group of {Count} submissions ({SqlState}); writing each alone")]
    private static partial void LogTakenApart(ILogger logger, int count, string sqlState);

    [LoggerMessage(2, LogLevel.Critical, "Recording stands still: {Fault}")]
    private static partial void LogBrokenTree(ILogger logger, string fault);

    private sealed record Submission(IReadOnlyList<AuditRow> Rows, TaskCompletionSource Stored);
}
