using Npgsql;
using ServiceDefaults.Authentication;

namespace AuditService.Evidence.Verifying;

/// <summary>The service's own check: rows against leaves, leaves against the checkpoints inside and outside the database.</summary>
internal sealed class IntegrityCheck(NpgsqlDataSource database, LogKey key, CheckpointFolder folder, EvidenceState state, TimeProvider time)
{
    /// <summary>Stored checkpoints of one check; as many again may be in the files.</summary>
    internal const int MostCheckpoints = 5000;

    /// <summary>
    /// Checks the leaves from one number up to another; both are cut to the tree's size, and to a part with no more than
    /// <see cref="MostCheckpoints"/>: each is a signature to verify. Up to the end it is the newest part, else the oldest.
    /// </summary>
    public async Task<IntegrityReport> RunAsync(long from, long? to, CancellationToken cancellationToken)
    {
        // Known before the tree is read: it can only be larger then.
        var (known, last) = (state.Known, folder.Last(key.Value));
        await using var log = await StoredLog.OpenAsync(database, key.Value, cancellationToken);
        var end = Math.Min(to ?? log.Size, log.Size);
        from = Math.Clamp(from, 0, end);
        (from, end) = await log.CutAsync(from, end, MostCheckpoints, cancellationToken);
        var outside = folder.Read(key.Value, from, end);

        List<LogFault> faults = [];
        var inside = await log.NotesAsync(from, end == log.Size ? long.MaxValue : end, cancellationToken);
        var signed = inside.Select(note => Checkpoint.Open(note, key.Value)).ToList();
        if (signed.Exists(checkpoint => checkpoint is null))
        {
            faults.Add(new LogFault(LogFault.OfCheckpoint, from, end, null, "a stored checkpoint is not signed by the log's key"));
        }

        var isWhole = end == log.Size;
        var heads = new[] { known, last, isWhole && log.Head is { } head ? Checkpoint.Open(head, key.Value) : null };
        var checkpoints = outside.Concat(signed.OfType<Checkpoint>()).Concat(heads.OfType<Checkpoint>())
            .Where(checkpoint => isWhole || checkpoint.Size <= end);
        try
        {
            var frontier = new MerkleFrontier(from, await log.FrontierAsync(from, cancellationToken));
            var check = new LogCheck(frontier, checkpoints);
            await foreach (var line in log.ReadAsync(from, end, cancellationToken))
            {
                check.Add(line.Line);
            }

            faults.AddRange(check.Finish(time.GetUtcNow()));
            await AddTilesAsync(log, check, from, end, faults, cancellationToken);
            faults.AddRange((await log.StraysAsync(cancellationToken)).Select(row => new LogFault(
                LogFault.Added, row.Index ?? log.Size, (row.Index ?? log.Size) + 1, row.Row.Id, "it has no leaf in the tree")));
            return new IntegrityReport(log.Size, from, end, check.Confirmed, faults.Count == 0, faults);
        }
        catch (BrokenTreeException fault)
        {
            faults.Add(new LogFault(LogFault.Rewritten, from, end, null, fault.Message));
            return new IntegrityReport(log.Size, from, end, 0, false, faults);
        }
    }

    // Proofs are made from the tiles of all levels, the lines from the lowest alone.
    private static async Task AddTilesAsync(
        StoredLog log, LogCheck check, long from, long end, List<LogFault> faults, CancellationToken cancellationToken)
    {
        if (faults.Count == 0 && !check.Subtrees.Zip(await log.FrontierAsync(end, cancellationToken)).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)))
        {
            faults.Add(new LogFault(LogFault.Rewritten, from, end, null, "the upper levels of the tree do not belong to its leaves"));
        }
    }
}

/// <summary>What a check of the log found.</summary>
/// <param name="Size">Leaves of the tree.</param>
/// <param name="From">First leaf that was checked.</param>
/// <param name="To">Leaf after the last one that was.</param>
/// <param name="Checkpoints">Signed checkpoints whose root was found right.</param>
/// <param name="Intact">Whether nothing is wrong.</param>
/// <param name="Faults">What is.</param>
internal sealed record IntegrityReport(
    long Size, long From, long To, int Checkpoints, bool Intact, IReadOnlyList<LogFault> Faults)
{
    /// <summary>Places are nobody's secret; whose records stand there is the platform's alone.</summary>
    public IntegrityReport For(Caller caller) =>
        caller.Has(Scopes.Platform) ? this : this with { Faults = [.. Faults.Select(fault => fault with { Record = null })] };
}
