using IdentityService.Revocations;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.Sessions;

/// <summary>How many sessions ended.</summary>
public sealed record EndedSessions(int Ended);

/// <summary>
/// Ends sessions of the caller's own: one, all others, all. Each answers like a logout, once every living gateway refuses
/// their tokens, or after a second.
/// </summary>
internal static class EndSessions
{
    public static async Task<Results<NoContent, ProblemHttpResult>> OneAsync(
        Guid id, SessionEnding ending, Caller caller, RevocationReceipts receipts, CancellationToken cancellationToken)
    {
        if (await ending.EndOwnAsync(id, new SessionEnd("session.revoked", caller.Envelope()), cancellationToken) is not { } revocation)
        {
            return Problem.NotFound();
        }

        await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        return TypedResults.NoContent();
    }

    public static async Task<Ok<EndedSessions>> OthersAsync(
        SessionEnding ending, RevocationReceipts receipts, CancellationToken cancellationToken)
    {
        var (ended, revocation) = await ending.EndOthersAsync(cancellationToken);
        if (revocation is not null)
        {
            await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        }

        return TypedResults.Ok(new EndedSessions(ended));
    }

    public static async Task<NoContent> AllAsync(
        SessionEnding ending, Caller caller, RevocationReceipts receipts, CancellationToken cancellationToken)
    {
        var end = new SessionEnd("user.sessions_revoked", caller.Envelope(), Severity: AuditSeverity.Notice);
        if (await ending.EndAllAsync(caller.SubjectId, end, cancellationToken) is { } revocation)
        {
            await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
