using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Contracts;

namespace IdentityService.UserAdministration;

/// <summary>Forgets the failed attempts that slow down an account's sign-in.</summary>
internal static class UnlockUser
{
    public static Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> HandleAsync(
        Guid id, HttpContext http, UserChange change, SignInThrottle throttle, IdentityDb database, CancellationToken cancellationToken) =>
        change.ApplyAndShowAsync(
            id,
            http,
            async opened =>
            {
                await throttle.ForgetAllAsync(opened.User, cancellationToken);
                database.AddAudit(opened.Cause, "user.unlocked", "user", id.ToString(), severity: AuditSeverity.Notice);
                return default;
            },
            cancellationToken);
}
