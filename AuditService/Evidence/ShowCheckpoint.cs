using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using ServiceDefaults.Problems;

namespace AuditService.Evidence;

/// <summary>The last published checkpoint, and the key that it can be checked with.</summary>
internal static class ShowCheckpoint
{
    private const string Text = "text/plain; charset=utf-8";

    public static async Task<Results<ContentHttpResult, ProblemHttpResult>> HandleAsync(
        NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Checkpoints.AtLeastAsync(connection, null, cancellationToken) is { } note
            ? TypedResults.Content(note.Note, Text)
            : Problem.NotFound("Nothing has been recorded yet.");
    }

    public static ContentHttpResult Key(LogKey key) => TypedResults.Content(key.Value.Text + "\n", Text);
}
