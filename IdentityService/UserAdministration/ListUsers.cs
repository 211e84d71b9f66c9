using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Paging;

namespace IdentityService.UserAdministration;

/// <summary>Which accounts, and which page of them.</summary>
/// <param name="Search">How the user name or the e-mail address begins, without regard to case.</param>
/// <param name="Role">Those with this role.</param>
/// <param name="State"><c>active</c>, <c>disabled</c>, or <c>unverified</c> for an address that is not proved.</param>
/// <param name="TenantId">Of one tenant, for those who see several.</param>
/// <param name="Limit">Rows of a page.</param>
/// <param name="Cursor">From the page before.</param>
public sealed record ListUsersQuery(
    [property: StringLength(LoginName.Longest, MinimumLength = 1, ErrorMessage = "must have 1 to 254 characters"), PlainText] string? Search,
    [property: AllowedValues(null, "viewer", "operator", "admin", "platform-admin", ErrorMessage = "must be viewer, operator, admin or platform-admin")] string? Role,
    [property: AllowedValues(null, "active", "disabled", "unverified", ErrorMessage = "must be active, disabled or unverified")] string? State,
    Guid? TenantId,
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: CursorFormat] string? Cursor);

/// <summary>Accounts of the caller's tenant, or of all, newest first.</summary>
internal static class ListUsers
{
    public static async Task<Ok<Page<AdministeredUser>>> HandleAsync(
        [AsParameters] ListUsersQuery query, IdentityDb database, CancellationToken cancellationToken)
    {
        var users = Filter(query, database);
        if (Cursor.TryParse(query.Cursor, out var last))
        {
            var (at, id) = (last.At, last.Id);
            users = users.Where(row => EF.Functions.LessThan(ValueTuple.Create(row.CreatedAt, row.Id), ValueTuple.Create(at, id)));
        }

        var limit = query.Limit ?? PageLimits.Default;
        var rows = await users
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        var roles = await RolesOfAsync(rows, database, cancellationToken);
        var page = Page<User>.From(rows, limit, row => new Cursor(row.CreatedAt, row.Id).ToString());
        return TypedResults.Ok(new Page<AdministeredUser>(
            [.. page.Items.Select(row => AdministeredUser.Of(row, [.. roles[row.Id].Order(StringComparer.Ordinal)]))], page.NextCursor));
    }

    private static IQueryable<User> Filter(ListUsersQuery query, IdentityDb database)
    {
        var users = database.Users.AsNoTracking();
        if (query.Search is { } search)
        {
            var beginning = LoginName.Normalize(search);
            users = users.Where(row => row.NormalizedUserName!.StartsWith(beginning) || row.NormalizedEmail!.StartsWith(beginning));
        }

        if (query.Role is { } name)
        {
            var role = Accounts.Role.Seeded.Single(known => known.Name == name).Id;
            users = users.Where(row => database.UserRoles.Any(given => given.UserId == row.Id && given.RoleId == role));
        }

        if (query.TenantId is { } tenant)
        {
            users = users.Where(row => row.TenantId == tenant);
        }

        return query.State switch
        {
            "active" => users.Where(row => row.DisabledAt == null),
            "disabled" => users.Where(row => row.DisabledAt != null),
            "unverified" => users.Where(row => !row.EmailConfirmed),
            _ => users,
        };
    }

    private static async Task<ILookup<Guid, string>> RolesOfAsync(List<User> users, IdentityDb database, CancellationToken cancellationToken)
    {
        var ids = users.ConvertAll(user => user.Id);
        var rows = await database.UserRoles
            .Where(row => ids.Contains(row.UserId))
            .Join(database.Roles, row => row.RoleId, role => role.Id, (row, role) => new { row.UserId, role.Name })
            .ToListAsync(cancellationToken);
        return rows.ToLookup(row => row.UserId, row => row.Name!);
    }
}
