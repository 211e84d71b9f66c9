using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace AuditService.Evidence;

/// <summary>That a record is in the tree that a checkpoint stands for.</summary>
internal static class ProveRecord
{
    private static readonly TimeSpan UntilACheckpoint = TimeSpan.FromSeconds(1);

    /// <param name="id">Of the record.</param>
    /// <param name="size">Of the checkpoint to prove it for; the last one unless given.</param>
    /// <param name="database">Knows which leaf the record has.</param>
    /// <param name="source">Has the tree.</param>
    /// <param name="caller">Whose tenant counts.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<Results<Ok<InclusionProof>, ProblemHttpResult>> HandleAsync(
        Guid id,
        [Range(1, long.MaxValue)] long? size,
        AuditDbContext database,
        NpgsqlDataSource source,
        Caller caller,
        CancellationToken cancellationToken)
    {
        await database.NoteReadingAsync(caller, id, null, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var index = await database.Records.Where(row => row.Id == id && row.LeafIndex != null)
            .Select(row => row.LeafIndex).FirstOrDefaultAsync(cancellationToken)
            ?? await DroppedAsync(connection, id, caller, cancellationToken);
        if (index is not { } leaf)
        {
            return Problem.NotFound("There is no such audit record.");
        }

        if (await Checkpoints.AtLeastAsync(connection, size, cancellationToken) is not { } checkpoint || checkpoint.Size <= leaf)
        {
            return Problem.RetryLater(
                StatusCodes.Status409Conflict, "checkpoint_pending", "No checkpoint of that size has the record yet.", UntilACheckpoint);
        }

        return TypedResults.Ok(await TreeStore.ComputeAsync(
            connection,
            tree => new InclusionProof(
                leaf, checkpoint.Size, tree.Leaf(leaf), tree.Inclusion(leaf, checkpoint.Size), checkpoint.Note),
            cancellationToken));
    }

    // What the record was is gone; that it was there can still be shown.
    private static async Task<long?> DroppedAsync(NpgsqlConnection connection, Guid id, Caller caller, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT leaves[array_position(ids, $1)] FROM audit_dropped
            WHERE last_id >= $1 AND first_id <= $1 AND ids @> ARRAY[$1] AND (tenant_id = $2 OR $3)
            """,
            connection);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = caller.TenantId });
        command.Parameters.Add(new() { Value = caller.Has(Scopes.Platform) });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }
}

/// <summary>For RFC 9162, 2.1.3.2. Hashes are base64.</summary>
/// <param name="Index">Of the leaf.</param>
/// <param name="Size">Leaves of the tree.</param>
/// <param name="Leaf">Hash of the record's leaf.</param>
/// <param name="Hashes">The audit path.</param>
/// <param name="Checkpoint">The signed note with the root.</param>
internal sealed record InclusionProof(long Index, long Size, byte[] Leaf, IReadOnlyList<byte[]> Hashes, string Checkpoint);
