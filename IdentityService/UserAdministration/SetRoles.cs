using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.UserAdministration;

/// <summary>All roles that an account is to have.</summary>
public sealed record SetRolesRequest
{
    [Required(ErrorMessage = "is required"), KnownRoles]
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <summary>Holds a list to the roles that users can have.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KnownRolesAttribute() : ValidationAttribute("must be among viewer, operator, admin, platform-admin, each once")
{
    public override bool IsValid(object? value) => value is null || (value is IReadOnlyList<string> roles
        && roles.All(role => Role.Seeded.Any(known => known.Name == role)) && roles.Distinct(StringComparer.Ordinal).Count() == roles.Count);
}

/// <summary>
/// Sets the roles of an account. Where one is taken away, its sessions end: what they may do is written in their tokens.
/// </summary>
internal sealed class SetRoles(IdentityDb database, AdministratorRights rights, AccountEnding ending)
{
    public static async Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> HandleAsync(
        Guid id, SetRolesRequest request, HttpContext http, UserChange change, SetRoles roles, CancellationToken cancellationToken) =>
        http.Request.Headers.IfMatch.Count == 0
            ? AccountProblems.PreconditionRequired()
            : await change.ApplyAndShowAsync(id, http, opened => roles.ApplyAsync(opened, request.Roles!, cancellationToken), cancellationToken);

    private async Task<UserChanged> ApplyAsync(OpenedUser opened, IReadOnlyList<string> wanted, CancellationToken cancellationToken)
    {
        var user = opened.User;
        string[] given = [.. wanted.Except(opened.Roles, StringComparer.Ordinal)];
        string[] taken = [.. opened.Roles.Except(wanted, StringComparer.Ordinal)];
        if (given.Length + taken.Length == 0)
        {
            return default;
        }

        if (rights.RefusalToGive(given) is { } above)
        {
            return UserChanged.Refused(above);
        }

        if (taken.Contains(Role.PlatformAdmin, StringComparer.Ordinal) && await rights.WouldBeLastAsync(user.Id, withoutTenant: null, cancellationToken))
        {
            return UserChanged.Refused(UserProblems.LastAdministrator());
        }

        var ids = Role.Seeded.Where(role => taken.Contains(role.Name, StringComparer.Ordinal)).Select(role => role.Id).ToArray();
        await database.UserRoles.Where(row => row.UserId == user.Id && ids.Contains(row.RoleId)).ExecuteDeleteAsync(cancellationToken);
        database.UserRoles.AddRange(RowsOf(user.Id, given));
        database.AddAudit(
            opened.Cause,
            "user.roles_changed",
            "user",
            user.Id.ToString(),
            severity: AuditSeverity.Notice,
            before: new { roles = opened.Roles },
            after: new { roles = wanted.Order(StringComparer.Ordinal) });
        if (taken.Length == 0)
        {
            user.Changed();
            return default;
        }

        user.EndAllTokens();
        return new UserChanged(Revocation: await ending.EndAsync(user, opened.Cause, cancellationToken));
    }

    internal static IEnumerable<IdentityUserRole<Guid>> RowsOf(Guid userId, IEnumerable<string> roles) =>
        roles.Select(name => new IdentityUserRole<Guid> { UserId = userId, RoleId = Role.Seeded.Single(role => role.Name == name).Id });
}
