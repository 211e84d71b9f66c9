using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using ServiceDefaults.Contracts;

namespace IdentityService.AccountMail;

/// <summary>
/// Makes a password useless: its owner is mailed a link to set a new one, and every session ends. So do the API keys and a
/// change of the address that is under way, since somebody else may know the password.
/// </summary>
internal sealed class ForcedReset(IdentityDb database, AccountLinks links, MailQuotas quotas, ApiKeyEnding keys, AccountEnding ending)
{
    /// <summary>Within the open transaction, whose last work it is: commit right after.</summary>
    public async Task<Revocation> ApplyAsync(User user, string reason, EventEnvelope cause, CancellationToken cancellationToken)
    {
        user.RequireNewPassword();
        var kind = user.PasswordHash is null ? AccountLinkKind.Invitation : AccountLinkKind.ReplacePassword;
        await links.IssueAsync(user, kind, user.Email!, cause, cancellationToken);
        database.AddAudit(
            cause,
            "user.password_reset_forced",
            "user",
            user.Id.ToString(),
            severity: AuditSeverity.Notice,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
        await links.VoidAddressChangeAsync(user, cancellationToken);
        await keys.EndAllAsync(user, cause, "password_reset_forced", cancellationToken);
        return await ending.EndAsync(user, cause, cancellationToken);
    }

    /// <summary>Mails another link to somebody who tries the useless password, now and then.</summary>
    public async Task RemindAsync(User user, EventEnvelope cause, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await quotas.TakeAsync(user.Id, cancellationToken))
        {
            await links.IssueAsync(user, AccountLinkKind.ReplacePassword, user.Email!, cause, cancellationToken);
            await database.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }
}
