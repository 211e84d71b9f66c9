using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Sessions;

/// <summary>Ends sessions: in the database, with a revocation for the access tokens that are out, and an audit record.</summary>
internal sealed class SessionEnding(IdentityDb database, RevocationLog revocations, Caller caller, TimeProvider time)
{
    /// <summary>Ends the caller's session; null when it had ended before.</summary>
    public async Task<Revocation?> LogOutAsync(Guid sessionId, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var session = await database.Sessions
            .FromSql($"SELECT * FROM sessions WHERE id = {sessionId} FOR UPDATE")
            .IgnoreQueryFilters()
            .SingleOrDefaultAsync(cancellationToken);
        if (session is null || session.UserId != caller.SubjectId || !session.End(time.GetInstant()))
        {
            return null;
        }

        var envelope = caller.Envelope();
        database.AddAudit(envelope, "user.logout", "session", session.Id.ToString());
        return await RevokeAsync(session, envelope, transaction, cancellationToken);
    }

    /// <summary>Ends a session whose refresh token turned up twice.</summary>
    public async Task EndStolenAsync(
        Session session, User user, IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        session.End(time.GetInstant());
        var envelope = caller.Envelope(tenantId: session.TenantId, sessionId: session.Id.ToString());
        database.AddAudit(
            envelope,
            "token.reuse_detected",
            "session",
            session.Id.ToString(),
            AuditResult.Denied,
            AuditSeverity.Critical,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["userId"] = user.Id.ToString() });
        await RevokeAsync(session, envelope, transaction, cancellationToken);
    }

    private async Task<Revocation> RevokeAsync(
        Session session, EventEnvelope cause, IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        var revocation = await revocations.AddAsync(
            RevocationKind.Session, session.Id.ToString(), epoch: null, cause, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        return revocation;
    }
}
