using IdentityService.Accounts;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace IdentityService.UserAdministration;

/// <summary>Whom an administrator may act on, and what nobody may do: leave the platform without an administrator.</summary>
internal sealed class AdministratorRights(IdentityDb database, Caller caller)
{
    private static readonly Guid PlatformRole = Role.Seeded.Single(role => role.Name == Role.PlatformAdmin).Id;

    /// <summary>Null when the caller has every right that comes with these roles.</summary>
    public ProblemHttpResult? RefusalOf(IEnumerable<string> roles) =>
        Role.ScopesOf(roles).Where(scope => scope != Scopes.IdentitySelf).All(caller.Has) ? null : UserProblems.AboveYou();

    /// <summary>Null when the caller may give all of these roles.</summary>
    public ProblemHttpResult? RefusalToGive(IEnumerable<string> roles) =>
        roles.FirstOrDefault(role => RefusalOf([role]) is not null) is { } above ? UserProblems.RoleAboveYours(above) : null;

    /// <summary>
    /// Whether nobody who could sign in would be left to administer the platform. Takes the lock on the role's row, so that
    /// two who remove each other do it one after the other; call it within the transaction.
    /// </summary>
    public async Task<bool> WouldBeLastAsync(Guid? withoutUser, Guid? withoutTenant, CancellationToken cancellationToken)
    {
        await database.Database.ExecuteSqlAsync($"SELECT FROM roles WHERE id = {PlatformRole} FOR UPDATE", cancellationToken);
        return !await database.UserRoles
            .Where(row => row.RoleId == PlatformRole && row.UserId != withoutUser)
            .Join(database.Users.IgnoreQueryFilters(), row => row.UserId, user => user.Id, (_, user) => user)
            .Where(user => user.DisabledAt == null && user.TenantId != withoutTenant)
            .AnyAsync(user => database.Tenants.Any(tenant => tenant.Id == user.TenantId && tenant.DisabledAt == null), cancellationToken);
    }
}
