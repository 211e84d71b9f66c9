using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Sessions;

/// <summary>Why a session ends, for the audit log.</summary>
/// <param name="Action">The record's action.</param>
/// <param name="Envelope">Who ends it.</param>
/// <param name="Result">Denied where an attack is the cause.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Detail">Further facts.</param>
internal sealed record SessionEnd(
    string Action,
    EventEnvelope Envelope,
    AuditResult Result = AuditResult.Success,
    AuditSeverity Severity = AuditSeverity.Info,
    IReadOnlyDictionary<string, string>? Detail = null);

/// <summary>
/// Ends sessions: in the database, with those that applications began from it, with a revocation of each for the access
/// tokens that are out, and an audit record. Applications that asked for it are told afterwards.
/// </summary>
internal sealed class SessionEnding(IdentityDb database, RevocationLog revocations, Caller caller, TimeProvider time)
{
    /// <summary>Ends the caller's session; null when it had ended before.</summary>
    public async Task<Revocation?> LogOutAsync(Guid sessionId, CancellationToken cancellationToken) =>
        await database.Sessions.AnyAsync(row => row.Id == sessionId && row.UserId == caller.SubjectId, cancellationToken)
            ? await EndAsync(sessionId, new SessionEnd("user.logout", caller.Envelope()), cancellationToken)
            : null;

    /// <summary>Ends a session whose refresh token turned up twice; within the transaction that found out.</summary>
    public Task EndStolenAsync(Session session, User user, CancellationToken cancellationToken) => EndAsync(
        session.Id,
        new SessionEnd(
            "token.reuse_detected",
            caller.Envelope(tenantId: session.TenantId, sessionId: session.Id.ToString()),
            AuditResult.Denied,
            AuditSeverity.Critical,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["userId"] = user.Id.ToString() }),
        cancellationToken);

    /// <summary>
    /// Ends a session and commits, also a transaction that is open already. Null when it had ended before.
    /// </summary>
    public async Task<Revocation?> EndAsync(Guid sessionId, SessionEnd end, CancellationToken cancellationToken)
    {
        await using var transaction = database.Database.CurrentTransaction
            ?? await database.Database.BeginTransactionAsync(cancellationToken);
        var sessions = await database.Sessions
            .FromSql($"SELECT * FROM sessions WHERE (id = {sessionId} OR parent_id = {sessionId}) AND revoked_at IS NULL ORDER BY id FOR UPDATE")
            .IgnoreQueryFilters()
            .ToListAsync(cancellationToken);
        if (sessions.TrueForAll(session => session.Id != sessionId))
        {
            return null;
        }

        foreach (var session in sessions)
        {
            session.End(time.GetInstant());
        }

        database.AddAudit(end.Envelope, end.Action, "session", sessionId.ToString(), end.Result, end.Severity, detail: end.Detail);
        await database.SaveChangesAsync(cancellationToken);
        var revocation = await RevokeAsync(sessions, end.Envelope, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        return revocation;
    }

    // The last one: it has been applied when all have, since they are applied in order.
    private async Task<Revocation> RevokeAsync(List<Session> sessions, EventEnvelope cause, CancellationToken cancellationToken)
    {
        Revocation? last = null;
        foreach (var session in sessions)
        {
            last = await revocations.AddAsync(RevocationKind.Session, session.Id.ToString(), epoch: null, cause, cancellationToken);
        }

        return last!;
    }
}
