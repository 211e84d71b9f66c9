using System.Globalization;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.SecondFactor;

/// <summary>A code of the authenticator, or in its place a recovery code.</summary>
internal readonly record struct TypedCode(string? Code, string? RecoveryCode)
{
    /// <summary>Longer texts are not even looked at.</summary>
    public const int Longest = 64;

    /// <summary>The one field of a page: six digits are a code, anything else a recovery code.</summary>
    public static TypedCode Of(string text) =>
        text.Count(char.IsAsciiLetterOrDigit) <= OneTimePassword.Digits ? new(text, null) : new(null, text);
}

/// <summary>The outcome of checking a code.</summary>
/// <param name="Accepted">Whether it was right, and not used before.</param>
/// <param name="BlockedFor">Time to wait; null unless there were too many failures.</param>
internal readonly record struct CodeResult(bool Accepted, TimeSpan? BlockedFor);

/// <summary>
/// Checks codes. Slowed down by account and by address like passwords, since six digits can be guessed; a code is used up
/// by the database, in one conditional statement, so of two replicas that see the same code one refuses it.
/// </summary>
internal sealed class SecondFactorCheck(
    IdentityDb database, KeyEncryption keys, SignInThrottle throttle, Caller caller, IdentityMetrics metrics, TimeProvider time)
{
    // A company's one address must not be locked out by five mistakes; the gateway's limit on sign-in routes comes on top.
    private const int PeopleAtAnAddress = 10;

    /// <summary>Where an account's failures are counted: below its own key, so that an administrator unlocks both.</summary>
    public static string KeyOf(Guid userId) => $"user:{userId}:code";

    /// <summary>Checks and uses up; commits what comes of it.</summary>
    public async Task<CodeResult> CheckAsync(User user, TypedCode typed, CancellationToken cancellationToken)
    {
        var (own, address) = (KeyOf(user.Id), $"code:{caller.Address}");
        if (await BlockedForAsync(own, address, cancellationToken) is { } blocked)
        {
            metrics.SecondFactorChecked("blocked");
            await RecordFailureAsync(user, typed, "blocked");
            return new CodeResult(false, blocked);
        }

        if (!await UseAsync(user, typed, cancellationToken))
        {
            // Not cancelled by a client that hangs up: it would guess without being counted.
            await throttle.CountFailureAsync(own, CancellationToken.None);
            await throttle.CountFailureAsync(address, CancellationToken.None, PeopleAtAnAddress);
            metrics.SecondFactorChecked("refused");
            await RecordFailureAsync(user, typed, "wrong_code");
            return new CodeResult(false, null);
        }

        // A right code still fails if failures side by side have blocked the account meanwhile.
        if (await BlockedForAsync(own, address, cancellationToken) is { } meanwhile)
        {
            return new CodeResult(false, meanwhile);
        }

        await throttle.ForgetAsync(own, cancellationToken);
        metrics.SecondFactorChecked(typed.RecoveryCode is null ? "totp" : "recovery_code");
        return new CodeResult(true, null);
    }

    /// <summary>The time step whose code this is, of a secret that may be unconfirmed; null for none.</summary>
    public long? Match(Authenticator authenticator, string code) =>
        OneTimePassword.Match(keys.Unprotect(authenticator.Secret, authenticator.Owner), code.Replace(" ", "", StringComparison.Ordinal), time.GetUtcNow());

    private async Task<TimeSpan?> BlockedForAsync(string own, string address, CancellationToken cancellationToken) =>
        await throttle.BlockedForAsync(own, cancellationToken) ?? await throttle.BlockedForAsync(address, cancellationToken);

    private async Task<bool> UseAsync(User user, TypedCode typed, CancellationToken cancellationToken) =>
        typed.RecoveryCode is { } recovery ? await UseRecoveryCodeAsync(user, recovery, cancellationToken)
        : typed.Code is { } code && await UseCodeAsync(user, code, cancellationToken);

    private async Task<bool> UseCodeAsync(User user, string code, CancellationToken cancellationToken) =>
        await database.Authenticators.AsNoTracking().SingleOrDefaultAsync(row => row.UserId == user.Id && row.ConfirmedAt != null, cancellationToken) is { } authenticator
        && Match(authenticator, code) is { } step
        && await database.Authenticators
            .Where(row => row.UserId == user.Id && row.LastStep < step)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastStep, step), cancellationToken) == 1;

    private async Task<bool> UseRecoveryCodeAsync(User user, string text, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        if (RecoveryCode.HashOf(user.Id, text) is not { } hash)
        {
            return false;
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await database.RecoveryCodes
            .Where(row => row.UserId == user.Id && row.Hash == hash && row.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), cancellationToken) != 1)
        {
            return false;
        }

        var left = await database.RecoveryCodes.CountAsync(row => row.UserId == user.Id && row.UsedAt == null, cancellationToken);
        Audit(user, "user.recovery_code_used", AuditResult.Success, AuditSeverity.Notice, ("left", left.ToString(CultureInfo.InvariantCulture)));
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task RecordFailureAsync(User user, TypedCode typed, string reason)
    {
        Audit(
            user, "user.mfa_failed", AuditResult.Denied, AuditSeverity.Warning,
            ("reason", reason), ("method", typed.RecoveryCode is null ? "totp" : "recovery_code"));
        await database.SaveChangesAsync(CancellationToken.None);
    }

    private void Audit(User user, string action, AuditResult result, AuditSeverity severity, params ReadOnlySpan<(string Name, string Value)> facts)
    {
        Dictionary<string, string> detail = new(StringComparer.Ordinal);
        foreach (var (name, value) in facts)
        {
            detail[name] = value;
        }

        database.AddAudit(
            caller.Envelope(new Actor(ActorKind.User, user.Id.ToString(), user.UserName), user.TenantId),
            action, "user", user.Id.ToString(), result, severity, detail: detail);
    }
}
