using IdentityService.Accounts;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.AccountMail;

/// <summary>
/// Makes an address an account's own once its mail was read. Any number of accounts may name an address, so that opening
/// one tells nothing about others; one has it, the first to prove it. The unique index on proved addresses decides, and
/// the lock keeps those who come at the same time from running into it.
/// </summary>
internal sealed class AddressProof(IdentityDb database)
{
    /// <summary>Within the open transaction; false when another account has it.</summary>
    public async Task<bool> TryAsync(User user, string email, CancellationToken cancellationToken)
    {
        var normalized = LoginName.Normalize(email);
        await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"address:" + normalized}, 0))", cancellationToken);
        if (await database.Users.IgnoreQueryFilters()
            .AnyAsync(row => row.NormalizedEmail == normalized && row.EmailConfirmed && row.Id != user.Id, cancellationToken))
        {
            return false;
        }

        user.ConfirmEmail(email);
        return true;
    }
}
