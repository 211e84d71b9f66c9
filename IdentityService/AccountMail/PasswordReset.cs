using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.AccountMail;

/// <summary>What came of a reset.</summary>
/// <param name="Taken">Whether the token was a good one; else nothing is said about why.</param>
/// <param name="Fault">What is wrong with the new password; the token stays good then.</param>
internal readonly record struct PasswordResetResult(bool Taken, string? Fault = null)
{
    public bool Done => Taken && Fault is null;
}

/// <summary>
/// Sets a new password by the token of a link. Every session ends. The owner has read the mail at the account's address, so
/// that is proved as well, and what failed attempts have slowed down is forgotten.
/// </summary>
internal sealed class PasswordReset(
    IdentityDb database, AccountLinks links, PasswordHashing passwords, AccountEnding ending, SignInThrottle throttle, Caller caller)
{
    public async Task<PasswordResetResult> ApplyAsync(string? token, string newPassword, CancellationToken cancellationToken)
    {
        if (!await links.IsLivingAsync(token, AccountLinkPurpose.Password, cancellationToken))
        {
            return new PasswordResetResult(Taken: false);
        }

        // Before the transaction: a hash takes longer than a row should stay locked.
        var hash = await passwords.HashAsync(newPassword, cancellationToken);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await links.TakeAsync(token, AccountLinkPurpose.Password, cancellationToken) is not var (link, user))
        {
            return new PasswordResetResult(Taken: false);
        }

        if (PasswordPolicy.FaultOf(newPassword, user.UserName, user.Email) is { } fault)
        {
            return new PasswordResetResult(Taken: true, fault); // the transaction is rolled back, the token stays
        }

        user.ChangePassword(hash);
        if (string.Equals(link.Email, user.Email, StringComparison.Ordinal))
        {
            user.ConfirmEmail(link.Email);
        }

        var actor = new Actor(ActorKind.User, user.Id.ToString(), user.UserName);
        var cause = caller.Envelope(actor, user.TenantId);
        database.AddEvent(new PasswordChanged(cause, user.Id, user.UserName!, user.Email!), user.Id);
        database.AddAudit(
            caller.Envelope(actor, user.TenantId), "user.password_reset", "user", user.Id.ToString(), severity: AuditSeverity.Notice);
        await throttle.ForgetAllAsync(user, cancellationToken);
        var revocation = await ending.EndAsync(user, cause, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ending.CommittedAsync(revocation, cancellationToken);
        return new PasswordResetResult(Taken: true);
    }
}
