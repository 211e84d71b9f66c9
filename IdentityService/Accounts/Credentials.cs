using IdentityService.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Accounts;

/// <summary>The outcome of checking a name and a password.</summary>
/// <param name="User">The account of that name, also when refused; null when there is none.</param>
/// <param name="Accepted">Whether the account may sign in.</param>
/// <param name="BlockedFor">Time to wait; null unless there were too many failures.</param>
/// <param name="Barrier">What keeps out somebody who has given the right password.</param>
internal readonly record struct CredentialResult(User? User, bool Accepted, TimeSpan? BlockedFor, SignInBarrier Barrier = SignInBarrier.None);

/// <summary>
/// Checks a password. The order keeps an attacker from learning anything and from guessing side by side:
/// <list type="number">
/// <item>A blocked name is refused before any hashing, known or not.</item>
/// <item>One hash is computed, known or not.</item>
/// <item>A failure is counted by the database.</item>
/// <item>A right password still fails if failures side by side have blocked the name meanwhile.</item>
/// <item>Only then is told what else there is to do first.</item>
/// </list>
/// </summary>
internal sealed class Credentials(IdentityDb database, SignInThrottle throttle, PasswordHashing passwords, SignInBarriers barriers)
{
    /// <summary>Finds the account by user name or by an address that it has proved, and checks its password.</summary>
    public async Task<CredentialResult> CheckAsync(string login, string password, CancellationToken cancellationToken)
    {
        var user = LoginName.IsPossible(login) ? await FindAsync(login, cancellationToken) : null;
        var check = await CheckAsync(user, await throttle.KeyFromHereAsync(user, login, cancellationToken), password, cancellationToken);
        return check is { Accepted: true, User: { } accepted } && await barriers.FindAsync(accepted, password, cancellationToken) is var barrier and not SignInBarrier.None
            ? check with { Accepted = false, Barrier = barrier }
            : check;
    }

    /// <summary>Checks the password of somebody who is signed in already.</summary>
    public async Task<CredentialResult> CheckAsync(User user, string password, CancellationToken cancellationToken) =>
        await CheckAsync(user, await throttle.KeyFromHereAsync(user, "", cancellationToken), password, cancellationToken);

    private async Task<User?> FindAsync(string login, CancellationToken cancellationToken)
    {
        var name = LoginName.Normalize(login);
        var users = LoginName.IsEmail(login)
            ? database.Users.Where(row => row.NormalizedEmail == name && row.EmailConfirmed)
            : database.Users.Where(row => row.NormalizedUserName == name);
        return await users.SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<CredentialResult> CheckAsync(User? user, string key, string password, CancellationToken cancellationToken)
    {
        if (await throttle.BlockedForAsync(key, cancellationToken) is { } blocked)
        {
            return new CredentialResult(user, false, blocked);
        }

        var match = await passwords.VerifyAsync(user?.PasswordHash, password, cancellationToken);
        if (match == PasswordVerificationResult.Failed || user is not { DisabledAt: null } || await database.IsTenantOutAsync(user.TenantId, cancellationToken))
        {
            // Not cancelled by a client that hangs up: it would guess without being counted.
            var counted = await throttle.CountFailureAsync(key, CancellationToken.None);
            return new CredentialResult(user, false, counted ? null : await BlockedForAsync(key, cancellationToken));
        }

        if (await throttle.BlockedForAsync(key, cancellationToken) is { } meanwhile)
        {
            return new CredentialResult(user, false, meanwhile);
        }

        await throttle.ForgetAsync(key, cancellationToken);
        if (match == PasswordVerificationResult.SuccessRehashNeeded)
        {
            await RehashAsync(user, password, cancellationToken);
        }

        return new CredentialResult(user, true, null);
    }

    private async Task<TimeSpan> BlockedForAsync(string key, CancellationToken cancellationToken) =>
        await throttle.BlockedForAsync(key, cancellationToken) ?? TimeSpan.Zero;

    // Only where the hash is still the one checked: a password changed meanwhile must not come back.
    private async Task RehashAsync(User user, string password, CancellationToken cancellationToken)
    {
        var old = user.PasswordHash;
        var hash = await passwords.HashAsync(password, cancellationToken);
        await database.Users
            .Where(row => row.Id == user.Id && row.PasswordHash == old)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, hash), cancellationToken);
    }
}
