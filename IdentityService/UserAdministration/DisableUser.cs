using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.UserAdministration;

/// <summary>Keeps an account from signing in, whose sessions end, or lets it in again. A second time changes nothing.</summary>
internal sealed class DisableUser(IdentityDb database, AdministratorRights rights, AccountEnding ending, TimeProvider time)
{
    public static Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> DisableAsync(
        Guid id, HttpContext http, UserChange change, DisableUser disable, CancellationToken cancellationToken) =>
        change.ApplyAndShowAsync(id, http, opened => disable.DisableAsync(opened, cancellationToken), cancellationToken);

    public static Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> EnableAsync(
        Guid id, HttpContext http, UserChange change, DisableUser disable, CancellationToken cancellationToken) =>
        change.ApplyAndShowAsync(id, http, opened => Task.FromResult(disable.Enable(opened)), cancellationToken);

    private async Task<UserChanged> DisableAsync(OpenedUser opened, CancellationToken cancellationToken)
    {
        var (user, cause) = (opened.User, opened.Cause);
        if (opened.Roles.Contains(Role.PlatformAdmin, StringComparer.Ordinal)
            && await rights.WouldBeLastAsync(user.Id, withoutTenant: null, cancellationToken))
        {
            return UserChanged.Refused(UserProblems.LastAdministrator());
        }

        if (!user.Disable(time.GetInstant()))
        {
            return default;
        }

        database.AddEvent(new UserDisabled(cause with { Id = Guid.CreateVersion7(cause.OccurredAt) }, user.Id), user.Id);
        database.AddAudit(cause, "user.disabled", "user", user.Id.ToString(), severity: AuditSeverity.Notice);
        return new UserChanged(Revocation: await ending.EndAsync(user, cause, cancellationToken));
    }

    private UserChanged Enable(OpenedUser opened)
    {
        var (user, cause) = (opened.User, opened.Cause);
        if (user.Enable())
        {
            database.AddEvent(new UserEnabled(cause with { Id = Guid.CreateVersion7(cause.OccurredAt) }, user.Id), user.Id);
            database.AddAudit(cause, "user.enabled", "user", user.Id.ToString(), severity: AuditSeverity.Notice);
        }

        return default;
    }
}
