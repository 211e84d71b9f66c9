using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
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
/// that is proved as well, and what failed attempts have slowed down is forgotten. Where it was not proved before, whoever
/// opened the account may have been somebody else: nothing that they left in it lets them in again.
/// </summary>
internal sealed class PasswordReset(
    IdentityDb database,
    AccountLinks links,
    AddressProof proof,
    PasswordHashing passwords,
    ApiKeyEnding keys,
    AccountEnding ending,
    SignInThrottle throttle,
    Caller caller)
{
    /// <param name="token">Of the link.</param>
    /// <param name="newPassword">The password to be.</param>
    /// <param name="endApiKeys">Whether the owner wants the API keys to end, too.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<PasswordResetResult> ApplyAsync(string? token, string newPassword, bool endApiKeys, CancellationToken cancellationToken)
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

        var actor = new Actor(ActorKind.User, user.Id.ToString(), user.UserName);
        var cause = caller.Envelope(actor, user.TenantId);
        var unproved = !user.EmailConfirmed;
        user.ChangePassword(hash);
        if (string.Equals(link.Email, user.Email, StringComparison.Ordinal))
        {
            // The address can be another account's by now; the password is set all the same.
            await proof.TryAsync(user, link.Email, cancellationToken);
        }

        database.AddEvent(new PasswordChanged(cause, user.Id, user.UserName!, user.Email!), user.Id);
        database.AddAudit(
            caller.Envelope(actor, user.TenantId), "user.password_reset", "user", user.Id.ToString(), severity: AuditSeverity.Notice);
        await throttle.ForgetAllAsync(user, cancellationToken);
        await links.VoidAddressChangeAsync(user, cancellationToken);
        if (unproved)
        {
            await RemoveSecondFactorsAsync(user, cause, cancellationToken);
        }

        if (unproved || endApiKeys)
        {
            await keys.EndAllAsync(user, cause, "password_reset", cancellationToken);
        }

        var revocation = await ending.EndAsync(user, cause, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ending.CommittedAsync(revocation, cancellationToken);
        return new PasswordResetResult(Taken: true);
    }

    private async Task RemoveSecondFactorsAsync(User user, EventEnvelope cause, CancellationToken cancellationToken)
    {
        var removed = await database.Authenticators.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken)
            + await database.RecoveryCodes.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken)
            + await database.UserPasskeys.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        if (removed > 0)
        {
            user.UseSecondFactor(enabled: false);
            database.AddAudit(
                cause with { Id = Guid.CreateVersion7(cause.OccurredAt) }, "user.mfa_reset", "user", user.Id.ToString(), severity: AuditSeverity.Warning,
                detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = "address_unproved" });
        }
    }
}
