using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.ApiKeys;

/// <summary>
/// Ends one of the caller's keys and, by a revocation of its id, the access tokens that it was exchanged for. Answers once
/// every living gateway refuses them, or after a second.
/// </summary>
internal sealed class RevokeApiKey(
    IdentityDb database, RevocationLog revocations, RevocationReceipts receipts, Caller caller, TimeProvider time)
{
    public static Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        Guid id, RevokeApiKey revocation, CancellationToken cancellationToken) => revocation.RevokeAsync(id, cancellationToken);

    private async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var key = await database.ApiKeys
            .FromSql($"SELECT * FROM api_keys WHERE id = {id} AND user_id = {caller.SubjectId} FOR UPDATE")
            .SingleOrDefaultAsync(cancellationToken);
        if (key is null)
        {
            return Problem.NotFound();
        }

        if (!key.Revoke(time.GetInstant()))
        {
            return TypedResults.NoContent();
        }

        var envelope = caller.Envelope();
        database.AddAudit(envelope, "api_key.revoked", "api_key", key.Id.ToString(), severity: AuditSeverity.Notice);
        await database.SaveChangesAsync(cancellationToken);
        var revocation = await revocations.AddAsync(
            RevocationKind.Session, key.Id.ToString(), epoch: null, envelope, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        return TypedResults.NoContent();
    }
}
