using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;

namespace AuditService.DeadLetters;

/// <summary>Decides that nobody will handle a message; it stays to be looked at for a while.</summary>
internal static class DiscardDeadLetter
{
    public static async Task<Results<Ok<DeadLetterLine>, ProblemHttpResult>> HandleAsync(
        Guid id,
        DiscardRequest request,
        AuditDbContext database,
        DeadLetterMetrics metrics,
        Caller caller,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await LockedDeadLetters.OneAsync(database.DeadLetters, id, cancellationToken) is not { } letter)
        {
            return DeadLetterProblems.NotFound();
        }

        if (letter.State != DeadLetterStates.Waiting)
        {
            return DeadLetterProblems.Decided(letter);
        }

        letter.Discarded(caller.Subject, time.GetUtcNow(), request.Reason);
        database.NoteDiscarded(caller, letter);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Discarded(letter.Queue);
        return TypedResults.Ok(DeadLetterLine.Of(letter));
    }
}

/// <summary>Why nobody needs it.</summary>
public sealed class DiscardRequest
{
    [Required, StringLength(500, MinimumLength = 3), PlainText]
    public string Reason { get; init; } = "";
}
