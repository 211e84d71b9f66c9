using IdentityService.AccountMail;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;

namespace IdentityService.Accounts;

/// <summary>The caller's own account.</summary>
/// <param name="Id">Also the token's <c>sub</c>.</param>
/// <param name="Username">To sign in with.</param>
/// <param name="Email">To sign in with as well.</param>
/// <param name="EmailVerified">Whether its owner has proved to read its mail.</param>
/// <param name="PendingEmail">Takes its place once the link that was sent there is used.</param>
/// <param name="DisplayName">Null when none was chosen.</param>
/// <param name="TenantId">Whose data the account sees.</param>
/// <param name="Roles">Sorted.</param>
/// <param name="Scopes">What the roles allow now; the token says what it allows.</param>
/// <param name="CreatedAt">UTC.</param>
public sealed record AccountView(
    Guid Id,
    string Username,
    string Email,
    bool EmailVerified,
    string? PendingEmail,
    string? DisplayName,
    Guid TenantId,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Scopes,
    DateTimeOffset CreatedAt)
{
    internal static async Task<AccountView> OfAsync(User user, IdentityDb database, CancellationToken cancellationToken)
    {
        var roles = await database.RolesOfAsync(user.Id, cancellationToken);
        var pending = await database.AccountLinks
            .Where(row => row.UserId == user.Id && row.Purpose == AccountLinkPurpose.Email && row.Email != user.Email)
            .Select(row => row.Email)
            .SingleOrDefaultAsync(cancellationToken);
        return new AccountView(
            user.Id,
            user.UserName!,
            user.Email!,
            user.EmailConfirmed,
            pending,
            user.DisplayName,
            user.TenantId,
            roles,
            Role.ScopesOf(roles),
            user.CreatedAt);
    }
}

/// <summary>The version of an account in HTTP's words.</summary>
internal static class AccountVersion
{
    /// <summary>The strong ETag: it changes with every change of the account.</summary>
    public static string TagOf(User user) => $"\"{user.ConcurrencyStamp}\"";

    /// <summary>Whether <c>If-Match</c> names this version (RFC 9110 section 13.1.1; weak tags never match).</summary>
    public static bool Matches(StringValues ifMatch, User user) =>
        ifMatch.SelectMany(header => header?.Split(',', StringSplitOptions.TrimEntries) ?? [])
            .Any(tag => tag == "*" || tag == TagOf(user));
}
