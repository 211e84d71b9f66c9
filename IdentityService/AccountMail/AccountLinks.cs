using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.AccountMail;

/// <summary>
/// Makes the links that accounts are mailed, and takes them back. The token exists in clear only here, while the event is
/// sealed, and in the mail.
/// </summary>
internal sealed class AccountLinks(
    IdentityDb database,
    EventSeal seal,
    IdentityMetrics metrics,
    IOptions<AccountMailOptions> options,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time)
{
    /// <summary>Adds a link for an account that is just being made; it leaves with the same save.</summary>
    public void AddFor(User user, AccountLinkKind kind, EventEnvelope cause)
    {
        var token = AccountToken.New();
        var link = LinkOf(user, kind, user.Email!, token);
        database.AccountLinks.Add(link);
        Send(user, kind, link, token, cause);
    }

    /// <summary>
    /// Makes a link, the former one for the same purpose being of no use from then on. The event leaves with the next save.
    /// </summary>
    /// <exception cref="InvalidOperationException">No transaction is open: link and event would not be one.</exception>
    public async Task IssueAsync(User user, AccountLinkKind kind, string email, EventEnvelope cause, CancellationToken cancellationToken)
    {
        if (database.Database.CurrentTransaction is null)
        {
            throw new InvalidOperationException("A link is made in the transaction of its event.");
        }

        var token = AccountToken.New();
        var link = LinkOf(user, kind, email, token);
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO account_links (user_id, purpose, hash, email, expires_at)
            VALUES ({link.UserId}, {link.Purpose.ToString()}, {link.Hash}, {link.Email}, {link.ExpiresAt})
            ON CONFLICT (user_id, purpose) DO UPDATE
            SET hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at
            """,
            cancellationToken);
        Send(user, kind, link, token, cause);
    }

    /// <summary>Whether the token of a link can still be used; it is not used up.</summary>
    public async Task<bool> IsLivingAsync(string? token, AccountLinkPurpose purpose, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return AccountToken.TryHash(token, out var hash)
            && await database.AccountLinks.AnyAsync(row => row.Hash == hash && row.Purpose == purpose && row.ExpiresAt > now, cancellationToken);
    }

    /// <summary>
    /// Takes a link for good, within the open transaction: whoever comes second with the same token waits for the commit
    /// and finds nothing. Null for a token that is unknown, expired or used.
    /// </summary>
    public async Task<(AccountLink Link, User User)?> TakeAsync(string? token, AccountLinkPurpose purpose, CancellationToken cancellationToken)
    {
        if (!AccountToken.TryHash(token, out var hash))
        {
            return null;
        }

        // The account before its link, in the order in which administrators lock them.
        var owner = await database.AccountLinks.Where(row => row.Hash == hash && row.Purpose == purpose)
            .Select(row => (Guid?)row.UserId).SingleOrDefaultAsync(cancellationToken);
        if (await database.Users.FromSql($"SELECT * FROM users WHERE id = {owner} FOR UPDATE").SingleOrDefaultAsync(cancellationToken)
            is not { DisabledAt: null } user)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var taken = await database.AccountLinks
            .FromSql($"DELETE FROM account_links WHERE hash = {hash} AND purpose = {purpose.ToString()} AND expires_at > {now} RETURNING *")
            .AsNoTracking().ToListAsync(cancellationToken);
        return taken is [var link] ? (link, user) : null;
    }

    /// <summary>
    /// Takes back, within the open transaction, a change of the address that waits for its link: whoever asked for it may
    /// be the one whom a new password is to keep out.
    /// </summary>
    public Task VoidAddressChangeAsync(User user, CancellationToken cancellationToken) => database.AccountLinks
        .Where(row => row.UserId == user.Id && row.Purpose == AccountLinkPurpose.Email && row.Email != user.Email)
        .ExecuteDeleteAsync(cancellationToken);

    /// <summary>The same of a link to set a password, where the owner has just set one.</summary>
    public Task VoidResetAsync(User user, CancellationToken cancellationToken) => database.AccountLinks
        .Where(row => row.UserId == user.Id && row.Purpose == AccountLinkPurpose.Password)
        .ExecuteDeleteAsync(cancellationToken);

    private AccountLink LinkOf(User user, AccountLinkKind kind, string email, string token)
    {
        AccountToken.TryHash(token, out var hash);
        return new AccountLink
        {
            UserId = user.Id,
            Purpose = PurposeOf(kind),
            Hash = hash!,
            Email = email,
            ExpiresAt = time.GetInstant() + options.Value.LinkLife,
        };
    }

    private void Send(User user, AccountLinkKind kind, AccountLink link, string token, EventEnvelope cause)
    {
        metrics.LinkMailed(kind.ToString());
        var page = link.Purpose == AccountLinkPurpose.Email ? VerifyEmailPage.Path : ResetPasswordPage.Path;
        var address = $"{authentication.Value.Issuer.TrimEnd('/')}{page}?token={token}";
        database.AddEvent(
            new AccountLinkIssued(
                cause with { Id = Guid.CreateVersion7(cause.OccurredAt) },
                kind,
                user.Id,
                user.UserName!,
                link.Email,
                seal.Seal(address, user.Id),
                link.ExpiresAt),
            user.Id);
    }

    private static AccountLinkPurpose PurposeOf(AccountLinkKind kind) =>
        kind is AccountLinkKind.VerifyEmail or AccountLinkKind.ChangeEmail ? AccountLinkPurpose.Email : AccountLinkPurpose.Password;
}
