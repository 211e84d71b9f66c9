using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.UserAdministration;

/// <summary>
/// Takes an account's authenticator, recovery codes and passkeys away, for an owner who has lost them: the password alone
/// signs in again. Its sessions end.
/// </summary>
internal static class ResetSecondFactor
{
    public static Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> HandleAsync(
        Guid id, HttpContext http, UserChange change, AccountEnding ending, IdentityDb database, CancellationToken cancellationToken) =>
        change.ApplyAndShowAsync(
            id,
            http,
            async opened =>
            {
                opened.User.UseSecondFactor(enabled: false);
                opened.User.EndAllTokens();
                await database.Authenticators.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellationToken);
                await database.RecoveryCodes.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellationToken);
                await database.UserPasskeys.Where(row => row.UserId == id).ExecuteDeleteAsync(cancellationToken);
                database.AddAudit(opened.Cause, "user.mfa_reset", "user", id.ToString(), severity: AuditSeverity.Warning);
                return new UserChanged(Revocation: await ending.EndAsync(opened.User, opened.Cause, cancellationToken));
            },
            cancellationToken);
}
