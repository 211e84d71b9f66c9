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
internal sealed class SessionEnding(
    IdentityDb database, RevocationLog revocations, AccountEnding accounts, Caller caller, TimeProvider time)
{
    /// <summary>Ends a session of the caller's; null when there is no such one, or it had ended before.</summary>
    public async Task<Revocation?> EndOwnAsync(Guid sessionId, SessionEnd end, CancellationToken cancellationToken) =>
        await database.Sessions.AnyAsync(row => row.Id == sessionId && row.UserId == caller.SubjectId, cancellationToken)
            ? await EndAsync(sessionId, end, cancellationToken)
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

        database.AddAudit(end.Envelope, end.Action, "session", sessionId.ToString(), end.Result, end.Severity, detail: end.Detail);
        return await CommitAsync(sessions, end.Envelope, cancellationToken);
    }

    /// <summary>
    /// Ends every session of the caller's but the one that asks and the sign-in it hangs on. How many, and the last of
    /// their revocations.
    /// </summary>
    public async Task<(int Ended, Revocation? Last)> EndOthersAsync(CancellationToken cancellationToken)
    {
        var (kept, user, now) = (Guid.Parse(caller.SessionId!), caller.SubjectId, time.GetInstant());
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var sessions = await database.Sessions
            .FromSql(
                $"""
                SELECT * FROM sessions
                WHERE user_id = {user} AND revoked_at IS NULL AND expires_at > {now}
                  AND id <> {kept} AND id IS DISTINCT FROM (SELECT parent_id FROM sessions WHERE id = {kept})
                ORDER BY id FOR UPDATE
                """)
            .ToListAsync(cancellationToken);
        if (sessions.Count == 0)
        {
            return (0, null);
        }

        var detail = new Dictionary<string, string>(StringComparer.Ordinal) { ["ended"] = $"{sessions.Count}" };
        database.AddAudit(
            caller.Envelope(), "user.other_sessions_revoked", "user", user.ToString(), severity: AuditSeverity.Notice, detail: detail);
        return (sessions.Count, await CommitAsync(sessions, caller.Envelope(), cancellationToken));
    }

    /// <summary>
    /// Ends every session of a user, those that begin at this very moment too, by raising the user's epoch; null when the
    /// caller's tenant has no such user.
    /// </summary>
    public async Task<Revocation?> EndAllAsync(Guid userId, SessionEnd end, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await database.Users.FromSql($"SELECT * FROM users WHERE id = {userId} FOR UPDATE").SingleOrDefaultAsync(cancellationToken) is not { } user)
        {
            return null;
        }

        user.EndAllTokens();
        database.AddAudit(end.Envelope, end.Action, "user", userId.ToString(), end.Result, end.Severity, detail: end.Detail);
        var revocation = await accounts.EndAsync(user, end.Envelope, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        return revocation;
    }

    // The last revocation: it has been applied when all have, since they are applied in order.
    private async Task<Revocation> CommitAsync(List<Session> sessions, EventEnvelope cause, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        sessions.ForEach(session => session.End(now));
        await database.SaveChangesAsync(cancellationToken);
        var last = await revocations.AddSessionsAsync(sessions.ConvertAll(session => session.Id), cause, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await database.Database.CurrentTransaction!.CommitAsync(cancellationToken);
        revocations.Committed(last);
        return last;
    }
}
