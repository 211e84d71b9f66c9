using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using ServiceDefaults.Problems;

namespace AuditService.Evidence;

/// <summary>That a later checkpoint has everything that an earlier one had, in the same order.</summary>
internal static class ProveConsistency
{
    public static async Task<Results<Ok<ConsistencyProof>, ProblemHttpResult>> HandleAsync(
        [Range(0, long.MaxValue)] long from,
        [Range(0, long.MaxValue)] long to,
        NpgsqlDataSource database,
        CancellationToken cancellationToken)
    {
        if (from > to)
        {
            return Problem.Validation(new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["to"] = ["The later size is smaller than the earlier one."],
            });
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await Checkpoints.AtLeastAsync(connection, null, cancellationToken) is not { } last || last.Size < to)
        {
            return Problem.NotFound("No checkpoint is as large as that yet.");
        }

        return TypedResults.Ok(await TreeStore.ComputeAsync(
            connection, tree => new ConsistencyProof(from, to, tree.Consistency(from, to)), cancellationToken));
    }
}

/// <summary>For RFC 9162, 2.1.4.2. Hashes are base64.</summary>
/// <param name="From">Leaves of the earlier tree.</param>
/// <param name="To">Leaves of the later one.</param>
/// <param name="Hashes">The proof; empty when there is nothing to prove.</param>
internal sealed record ConsistencyProof(long From, long To, IReadOnlyList<byte[]> Hashes);
