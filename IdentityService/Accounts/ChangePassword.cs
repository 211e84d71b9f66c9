using System.ComponentModel.DataAnnotations;
using IdentityService.AccountMail;
using IdentityService.ApiKeys;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;
using ServiceDefaults.Problems;

namespace IdentityService.Accounts;

/// <summary>The old password and the new one.</summary>
public sealed record ChangePasswordRequest
{
    [Required(ErrorMessage = "is required"), MaxLength(PasswordPolicy.Longest, ErrorMessage = "is too long")]
    public string? CurrentPassword { get; init; }

    [Required(ErrorMessage = "is required"), AcceptablePassword]
    public string? NewPassword { get; init; }

    /// <summary>Whether the account's API keys end, too.</summary>
    public bool RevokeApiKeys { get; init; }
}

/// <summary>
/// Changes the caller's password. Every other session ends, and every access token issued before is refused, the caller's
/// too: the answer holds a new one for the session that goes on, whose refresh token stays good.
/// </summary>
internal static class ChangePassword
{
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        ChangePasswordRequest request,
        Caller caller,
        IdentityDb database,
        Credentials credentials,
        PasswordChange change,
        CancellationToken cancellationToken)
    {
        if (await database.Users.SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        if (PasswordPolicy.FaultOf(request.NewPassword!, user.UserName, user.Email) is { } fault)
        {
            return Problem.Validation(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["newPassword"] = [fault] });
        }

        var check = await credentials.CheckAsync(user, request.CurrentPassword!, cancellationToken);
        if (check.Accepted)
        {
            return await change.ApplyAsync(user, request, cancellationToken);
        }

        database.AddAudit(
            caller.Envelope(), "user.password_changed", "user", user.Id.ToString(), AuditResult.Denied, AuditSeverity.Warning);
        await database.SaveChangesAsync(cancellationToken);
        return check.BlockedFor is { } wait ? AccountProblems.TooManyFailures(wait) : AccountProblems.CurrentPasswordWrong();
    }
}

/// <summary>Sets a new password with everything that follows from it, in one transaction.</summary>
internal sealed class PasswordChange(
    IdentityDb database,
    PasswordHashing passwords,
    AccountLinks links,
    ApiKeyEnding keys,
    SessionTokens sessions,
    RevocationLog revocations,
    RevocationReceipts receipts,
    Caller caller,
    TimeProvider time)
{
    public async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> ApplyAsync(
        User user, ChangePasswordRequest request, CancellationToken cancellationToken)
    {
        var sessionId = Guid.Parse(caller.SessionId!);
        var session = await database.Sessions.AsNoTracking().SingleAsync(row => row.Id == sessionId, cancellationToken);
        var hash = await passwords.HashAsync(request.NewPassword!, cancellationToken);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        user.ChangePassword(hash);
        var envelope = caller.Envelope();
        database.AddEvent(new PasswordChanged(envelope, user.Id, user.UserName!, user.Email!), user.Id);
        database.AddAudit(caller.Envelope(), "user.password_changed", "user", user.Id.ToString(), severity: AuditSeverity.Notice);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return AccountProblems.ChangedMeanwhile();
        }

        await links.VoidAddressChangeAsync(user, cancellationToken);
        await links.VoidResetAsync(user, cancellationToken);
        if (request.RevokeApiKeys)
        {
            await keys.EndAllAsync(user, envelope, "password_changed", cancellationToken);
        }

        await EndOtherSessionsAsync(user, sessionId, cancellationToken);
        var revocation = await revocations.AddAsync(
            RevocationKind.Subject, user.Id.ToString(), user.Epoch, envelope, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        var (access, _) = await sessions.IssueAsync(user, session, narrowed: null, cancellationToken);
        return TypedResults.Ok(TokenResponse.From(access));
    }

    private async Task EndOtherSessionsAsync(User user, Guid kept, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        await database.Sessions
            .Where(session => session.Id == kept)
            .ExecuteUpdateAsync(set => set.SetProperty(session => session.Epoch, user.Epoch), cancellationToken);
        await database.Sessions
            .Where(session => session.UserId == user.Id && session.Id != kept && session.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(session => session.RevokedAt, now), cancellationToken);
    }
}
