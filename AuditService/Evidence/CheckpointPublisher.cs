using Npgsql;

namespace AuditService.Evidence;

/// <summary>
/// Publishes the signed head of the tree, first outside the database and then in it, each second that it changed or after
/// so many records. Several replicas take turns. When it cannot, recording stands still until it can again: what nobody
/// outside has seen could be changed unnoticed.
/// </summary>
internal sealed partial class CheckpointPublisher(
    NpgsqlDataSource database,
    LogKey key,
    EvidenceState state,
    CheckpointFolder folder,
    CheckpointSignal signal,
    EvidenceMetrics metrics,
    TimeProvider time,
    ILogger<CheckpointPublisher> logger) : BackgroundService, IHostedLifecycleService
{
    private const string Storage = "checkpoint folder";
    private const string Lock = "SELECT pg_advisory_xact_lock(hashtext('audit_checkpoints'))";

    private long _published = -1;

    /// <summary>Before the first consumer runs: the key, and what was last published.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await key.LoadAsync(cancellationToken);
        try
        {
            folder.WriteKey(key.Value);
            if (folder.Last(key.Value) is { } last)
            {
                state.Learn(last, null);
                _published = last.Size;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Report(Storage, fault.Message);
        }

        await TryAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Publishes the head if it is new, and checks that the tree is the one it was signed for.</summary>
    /// <exception cref="BrokenTreeException">The tree is not the one that was signed.</exception>
    internal async Task PublishAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var turn = new NpgsqlCommand(Lock, connection))
        {
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        var known = state.Known;
        var (size, head) = await TreeStore.HeadAsync(connection, cancellationToken);
        var stored = head is null ? null : Checkpoint.Open(head, key.Value);

        // What this process signed itself counts, whatever has become of it in the database since.
        var (latest, note) = stored is not null && stored.Size >= (known?.Size ?? 0) ? (stored, head) : (known, state.KnownNote);
        if (latest is not null && note is not null && latest.Size != _published)
        {
            folder.Append(note, latest.At);
            await StoreAsync(connection, latest.Size, note, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            metrics.Published(time.GetUtcNow() - latest.At);
            state.Learn(latest, note);
            _published = latest.Size;
        }

        await TreeHead.CheckAsync(connection, size, head, key.Value, known, cancellationToken);
        state.Clear(Recording.RecordWriter.Tree);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await signal.WaitAsync(stoppingToken);
            await TryAsync(stoppingToken);
        }
    }

    private async Task StoreAsync(NpgsqlConnection connection, long size, string note, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("INSERT INTO audit_checkpoints (size, note, published_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(new() { Value = size });
        command.Parameters.Add(new() { Value = note });
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (state.Faults.ContainsKey(Storage))
            {
                folder.WriteKey(key.Value);
            }

            await PublishAsync(cancellationToken);
            if (state.Clear(Storage))
            {
                LogRecovered(logger);
            }
        }
        catch (BrokenTreeException fault)
        {
            Report(Recording.RecordWriter.Tree, fault.Message);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Report(Storage, fault.Message);
        }
        catch (NpgsqlException fault)
        {
            // Without the database nothing is recorded either.
            LogDatabaseAway(logger, fault.Message);
        }
    }

    private void Report(string where, string fault)
    {
        metrics.Failed(where);
        if (state.Report(where, fault))
        {
            LogStandsStill(logger, where, fault);
        }
    }

    [LoggerMessage(1, LogLevel.Critical, "Recording stands still, {Where}: {Fault}")]
    private static partial void LogStandsStill(ILogger logger, string where, string fault);

    [LoggerMessage(2, LogLevel.Information, "Checkpoints are written again")]
    private static partial void LogRecovered(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "No checkpoint, the database is away: {Reason}")]
    private static partial void LogDatabaseAway(ILogger logger, string reason);
}
