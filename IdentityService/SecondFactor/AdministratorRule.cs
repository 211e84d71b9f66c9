using IdentityService.Accounts;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityService.SecondFactor;

/// <summary>
/// Whether administrators need a second factor (<see cref="SecondFactorOptions.RequiredOfAdministrators"/>). Enforced where
/// tokens get their roles and scopes, so that there is no way around it: without a second factor an administrator is none.
/// </summary>
internal sealed class AdministratorRule(IdentityDb database, IOptions<SecondFactorOptions> options)
{
    /// <summary>The roles that count.</summary>
    /// <param name="roles">All of the user's.</param>
    /// <param name="proved">Whether the session had a second factor.</param>
    public IReadOnlyList<string> Cut(IReadOnlyList<string> roles, bool proved) =>
        proved || !options.Value.RequiredOfAdministrators ? roles : [.. roles.Where(role => role is not (Role.Admin or Role.PlatformAdmin))];

    /// <summary>The same for a program that acts for its owner: the owner must have a second factor.</summary>
    public async Task<IReadOnlyList<string>> CutAsync(IReadOnlyList<string> roles, User owner, CancellationToken cancellationToken) => Cut(
        roles,
        !options.Value.RequiredOfAdministrators || owner.TwoFactorEnabled
            || await database.UserPasskeys.AnyAsync(row => row.UserId == owner.Id, cancellationToken));
}
