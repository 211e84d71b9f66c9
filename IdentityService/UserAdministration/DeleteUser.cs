using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.UserAdministration;

/// <summary>
/// Deletes an account. What was the person's is erased at once here and, by the event, in the other services; the audit log
/// keeps its records for as long as it keeps any. The row stays for a while without the person, so that applications are
/// told of its ended sessions and nobody takes a name that the audit log still has; the address is free at once.
/// </summary>
internal sealed class DeleteUser(
    IdentityDb database, AdministratorRights rights, AccountEnding ending, SignInThrottle throttle, TimeProvider time)
{
    public static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        Guid id, HttpContext http, UserChange change, DeleteUser delete, CancellationToken cancellationToken) =>
        await change.ApplyAsync(id, http.Request.Headers.IfMatch, opened => delete.ApplyAsync(opened, cancellationToken), cancellationToken) is { } refusal
            ? refusal
            : TypedResults.NoContent();

    private async Task<UserChanged> ApplyAsync(OpenedUser opened, CancellationToken cancellationToken)
    {
        var (user, cause) = (opened.User, opened.Cause);
        if (opened.Roles.Contains(Role.PlatformAdmin, StringComparer.Ordinal)
            && await rights.WouldBeLastAsync(user.Id, withoutTenant: null, cancellationToken))
        {
            return UserChanged.Refused(UserProblems.LastAdministrator());
        }

        user.Delete(time.GetInstant());
        await EraseAsync(user, cancellationToken);
        database.AddEvent(new UserDeleted(cause with { Id = Guid.CreateVersion7(cause.OccurredAt) }, user.Id), user.Id);
        database.AddAudit(cause, "user.deleted", "user", user.Id.ToString(), severity: AuditSeverity.Warning);
        var revocation = await ending.EndAsync(user, cause, cancellationToken);
        return new UserChanged(Revocation: revocation);
    }

    private async Task EraseAsync(User user, CancellationToken cancellationToken)
    {
        await database.UserRoles.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.UserClaims.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.UserLogins.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.UserTokens.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.Authenticators.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.RecoveryCodes.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.UserPasskeys.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.AccountLinks.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.Consents.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.ApiKeys.IgnoreQueryFilters().Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await throttle.ForgetAllAsync(user, cancellationToken);
        await database.RefreshTokens.IgnoreQueryFilters()
            .Where(row => database.Sessions.IgnoreQueryFilters().Any(session => session.Id == row.SessionId && session.UserId == user.Id))
            .ExecuteDeleteAsync(cancellationToken);
        await database.Sessions.IgnoreQueryFilters().Where(row => row.UserId == user.Id)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Address, (string?)null).SetProperty(row => row.UserAgent, (string?)null),
                cancellationToken);
    }
}
