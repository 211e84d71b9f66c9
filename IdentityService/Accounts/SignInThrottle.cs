using System.Security.Cryptography;
using System.Text;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Accounts;

/// <summary>Failed attempts in a row for one account, or for one name that no account has.</summary>
internal sealed class FailedSignIns
{
    public string Key { get; init; } = "";

    public int Failures { get; init; }

    /// <summary>UTC; null before the first delay.</summary>
    public DateTimeOffset? BlockedUntil { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset LastFailureAt { get; init; }
}

/// <summary>
/// Slows down guessing. After some free failures each further one blocks the name for twice as long as the one before.
/// Counting and blocking are one statement, so that attempts side by side can't overtake the counter; while blocked,
/// attempts are refused unread and neither count nor prolong. Attempts from addresses where the account has had a session
/// are counted apart, one by one, so that a stranger who keeps guessing does not keep the owner out.
/// </summary>
internal sealed class SignInThrottle(IdentityDb database, IOptions<SignInOptions> options, Caller caller, TimeProvider time)
{
    // 2^20 s is beyond any delay that can be configured; the bound keeps power() finite.
    private const int LargestExponent = 20;

    /// <summary>The account's key; for an unknown name that name's, hashed since people type passwords into the wrong field.</summary>
    public static string KeyOf(User? user, string login) => user is not null
        ? $"user:{user.Id}"
        : $"name:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(LoginName.Normalize(login))))}";

    /// <summary>
    /// The key by which an attempt from here counts. Asks the same of the database for names that exist and names that don't.
    /// </summary>
    public async Task<string> KeyFromHereAsync(User? user, string login, CancellationToken cancellationToken)
    {
        var (key, id, address) = (KeyOf(user, login), user?.Id ?? Guid.Empty, caller.Address);
        return await database.Sessions.IgnoreQueryFilters().AnyAsync(row => row.UserId == id && row.Address == address, cancellationToken)
            ? $"{key}@{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address ?? "")).AsSpan(0, 16))}"
            : key;
    }

    /// <summary>Until when the account is blocked somewhere, at most; null when it is not.</summary>
    public async Task<DateTimeOffset?> BlockedUntilAsync(User user, CancellationToken cancellationToken)
    {
        var (key, now) = (KeyOf(user, ""), time.GetUtcNow());
        return await database.FailedSignIns
            .Where(row => row.Key.StartsWith(key) && row.BlockedUntil > now)
            .MaxAsync(row => row.BlockedUntil, cancellationToken);
    }

    /// <summary>How long the name is still blocked; null when it is not.</summary>
    public async Task<TimeSpan?> BlockedForAsync(string key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var until = await database.FailedSignIns
            .Where(row => row.Key == key && row.BlockedUntil > now)
            .Select(row => row.BlockedUntil)
            .SingleOrDefaultAsync(cancellationToken);
        return until - now;
    }

    /// <summary>Counts a failure; false when the name has been blocked meanwhile, so that nothing was counted.</summary>
    /// <param name="key">Of what.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="people">How many may be behind it, as behind one address: each has their free failures.</param>
    public async Task<bool> CountFailureAsync(string key, CancellationToken cancellationToken, int people = 1)
    {
        var now = time.GetUtcNow();
        var forgotten = now - options.Value.ForgetAfter;
        var free = options.Value.FreeFailures * people;
        var longest = options.Value.LongestDelay.TotalSeconds;
        return await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO failed_sign_ins AS known (key, failures, blocked_until, last_failure_at)
            VALUES ({key}, 1, NULL, {now})
            ON CONFLICT (key) DO UPDATE SET
                failures = CASE WHEN known.last_failure_at < {forgotten} THEN 1 ELSE known.failures + 1 END,
                blocked_until = CASE
                    WHEN known.last_failure_at < {forgotten} OR known.failures + 1 < {free} THEN NULL
                    ELSE {now} + interval '1 second'
                        * least(power(2, least(known.failures + 1 - {free}, {LargestExponent})), {longest})
                END,
                last_failure_at = {now}
            WHERE known.blocked_until IS NULL OR known.blocked_until <= {now}
            """,
            cancellationToken) == 1;
    }

    /// <summary>Forgets the failures of an account, wherever they came from.</summary>
    public Task ForgetAllAsync(User user, CancellationToken cancellationToken)
    {
        var key = KeyOf(user, "");
        return database.FailedSignIns.Where(row => row.Key.StartsWith(key)).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Forgets the failures after a success.</summary>
    public Task ForgetAsync(string key, CancellationToken cancellationToken) =>
        database.FailedSignIns.Where(row => row.Key == key).ExecuteDeleteAsync(cancellationToken);
}
