using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Accounts;

/// <summary>Ends whatever an account has open: sessions of its own and of applications, and every access token.</summary>
internal sealed class AccountEnding(IdentityDb database, RevocationLog revocations, RevocationReceipts receipts, TimeProvider time)
{
    /// <summary>
    /// Ends it within the open transaction, whose last work it is: commit right after. The account's epoch is raised already.
    /// </summary>
    public async Task<Revocation> EndAsync(User user, EventEnvelope cause, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        await database.SaveChangesAsync(cancellationToken);

        // In the order in which the others lock them.
        await database.Database.ExecuteSqlAsync(
            $"SELECT FROM sessions WHERE user_id = {user.Id} AND revoked_at IS NULL ORDER BY id FOR UPDATE", cancellationToken);
        await database.Sessions.IgnoreQueryFilters()
            .Where(row => row.UserId == user.Id && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        var revocation = await revocations.AddAsync(RevocationKind.Subject, user.Id.ToString(), user.Epoch, cause, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        return revocation;
    }

    /// <summary>After the commit: waits until every living gateway refuses it, a second at most.</summary>
    public async Task CommittedAsync(Revocation revocation, CancellationToken cancellationToken)
    {
        revocations.Committed(revocation);
        await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
    }
}
