using IdentityService.AccountMail;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Accounts;

/// <summary>What keeps out somebody who has given the right password.</summary>
internal enum SignInBarrier
{
    None,

    /// <summary>A new password is to be set first; a link to do so has been mailed.</summary>
    PasswordReset,

    /// <summary>The address is to be proved first.</summary>
    UnverifiedEmail,
}

/// <summary>Looks, once the password was right, for what has to be done before one is let in.</summary>
internal sealed class SignInBarriers(
    IdentityDb database, ForcedReset resets, AccountEnding ending, IOptions<RegistrationOptions> options, Caller caller)
{
    public async Task<SignInBarrier> FindAsync(User user, string password, CancellationToken cancellationToken)
    {
        if (user.MustResetPassword)
        {
            await resets.RemindAsync(user, caller.Envelope(Actor.Anonymous, user.TenantId), cancellationToken);
            return SignInBarrier.PasswordReset;
        }

        // The list grows with the releases: a password that was good when it was chosen may be tried first today.
        if (PasswordBlocklist.Contains(password))
        {
            await ForceAsync(user, cancellationToken);
            return SignInBarrier.PasswordReset;
        }

        return options.Value.Unverified == UnverifiedAccess.Nothing && !user.EmailConfirmed ? SignInBarrier.UnverifiedEmail : SignInBarrier.None;
    }

    /// <summary>The same for whoever proves in another way than by the password who they are.</summary>
    public async Task<bool> KeepOutAsync(User user, CancellationToken cancellationToken) =>
        user.DisabledAt is not null || user.MustResetPassword
        || (options.Value.Unverified == UnverifiedAccess.Nothing && !user.EmailConfirmed)
        || await database.IsTenantOutAsync(user.TenantId, cancellationToken);

    private async Task ForceAsync(User user, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var locked = await database.Users.FromSql($"SELECT * FROM users WHERE id = {user.Id} FOR UPDATE").SingleAsync(cancellationToken);
        await database.Entry(locked).ReloadAsync(cancellationToken);
        var revocation = await resets.ApplyAsync(
            locked, "common_password", caller.Envelope(Actor.System("identity"), user.TenantId), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ending.CommittedAsync(revocation, cancellationToken);
    }
}
