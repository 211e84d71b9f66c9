using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.Recording;

/// <summary>
/// Group commit: what arrives while a transaction runs shares the next one, so a quiet log is written at once and a busy
/// one in large batches, without a timer. One writer on one connection also means one order of records.
/// </summary>
internal sealed partial class RecordWriter(
    NpgsqlDataSource database,
    RecordingMetrics metrics,
    IOptions<RecordingOptions> options,
    TimeProvider time,
    ILogger<RecordWriter> logger) : BackgroundService
{
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
        await using var copy = new RecordCopy(database);
        List<Submission> group = [];
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                Gather(group);
                await WriteAsync(copy, group, stoppingToken);
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

    private async Task WriteAsync(RecordCopy copy, List<Submission> group, CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(copy, group, cancellationToken);
        }
        catch (PostgresException fault) when (group.Count > 1 && !fault.IsTransient)
        {
            // One of them is poison: alone, it fails alone.
            metrics.Failed(fault);
            LogTakenApart(logger, group.Count, fault.SqlState);
            foreach (var submission in group)
            {
                await WriteAsync(copy, [submission], cancellationToken);
            }
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException or InvalidOperationException
            or InvalidCastException or ArgumentException)
        {
            metrics.Failed(fault);
            group.ForEach(submission => submission.Stored.TrySetException(fault));
        }
    }

    private async Task CommitAsync(RecordCopy copy, List<Submission> group, CancellationToken cancellationToken)
    {
        AuditRow[] rows = [.. group.SelectMany(submission => submission.Rows)];
        var start = time.GetTimestamp();
        var fresh = await copy.WriteAsync(rows, cancellationToken);
        metrics.Written(rows, fresh, time.GetElapsedTime(start), time.GetUtcNow());
        group.ForEach(submission => submission.Stored.TrySetResult());
    }

    [LoggerMessage(1, LogLevel.Warning, "PostgreSQL refused a group of {Count} submissions ({SqlState}); writing each alone")]
    private static partial void LogTakenApart(ILogger logger, int count, string sqlState);

    private sealed record Submission(IReadOnlyList<AuditRow> Rows, TaskCompletionSource Stored);
}
