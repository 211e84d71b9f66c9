using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using IdentityService.Sessions;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.RevocationAdministration;

/// <summary>A token to refuse, by its id: the token itself need not be handed around.</summary>
public sealed record RevokeTokenRequest
{
    [Required(ErrorMessage = "is required"), RegularExpression("^[0-9a-f]{32}$", ErrorMessage = "must be the jti of an access token")]
    public string? Jti { get; init; }
}

/// <summary>A session to end.</summary>
public sealed record RevokeSessionRequest
{
    [Required(ErrorMessage = "is required")]
    public Guid? Sid { get; init; }
}

/// <summary>
/// Administrators' revocations: one token, one session (or API key, whose id is a session's too), every session of a user.
/// Each commits first and then waits for the gateways, a second at most.
/// </summary>
internal sealed class RevokeByAdministrator(
    IdentityDb database, RevocationLog revocations, SessionEnding ending, Caller caller, TimeProvider time)
{
    public async Task<Revocation> TokenAsync(string jti, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var envelope = caller.Envelope();
        database.AddAudit(envelope, "token.revoked_by_administrator", "token", jti, severity: AuditSeverity.Notice);
        await database.SaveChangesAsync(cancellationToken);
        return await CommitAsync(RevocationKind.Token, jti, epoch: null, envelope, cancellationToken);
    }

    /// <summary>Null when the tenant has no such session or key that lives.</summary>
    public async Task<Revocation?> SessionAsync(Guid sid, CancellationToken cancellationToken)
    {
        if (await database.Sessions.AnyAsync(row => row.Id == sid, cancellationToken))
        {
            return await ending.EndAsync(
                sid, new SessionEnd("session.revoked_by_administrator", caller.Envelope(), Severity: AuditSeverity.Notice), cancellationToken);
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var key = await database.ApiKeys.FromSql($"SELECT * FROM api_keys WHERE id = {sid} FOR UPDATE").SingleOrDefaultAsync(cancellationToken);
        if (key is null || !key.Revoke(time.GetInstant()))
        {
            return null;
        }

        var envelope = caller.Envelope();
        database.AddAudit(envelope, "api_key.revoked_by_administrator", "api_key", key.Id.ToString(), severity: AuditSeverity.Notice);
        await database.SaveChangesAsync(cancellationToken);
        return await CommitAsync(RevocationKind.Session, sid.ToString(), epoch: null, envelope, cancellationToken);
    }

    /// <summary>Every session of a user, those that begin at this very moment too; null when the tenant has no such user.</summary>
    public Task<Revocation?> UserAsync(Guid id, CancellationToken cancellationToken) => ending.EndAllAsync(
        id, new SessionEnd("user.sessions_revoked", caller.Envelope(), Severity: AuditSeverity.Notice), cancellationToken);

    private async Task<Revocation> CommitAsync(
        RevocationKind kind, string value, long? epoch, EventEnvelope cause, CancellationToken cancellationToken)
    {
        var revocation = await revocations.AddAsync(kind, value, epoch, cause, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await database.Database.CurrentTransaction!.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        return revocation;
    }
}
