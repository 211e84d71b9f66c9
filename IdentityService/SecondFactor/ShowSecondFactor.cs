using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace IdentityService.SecondFactor;

/// <summary>What the caller has beside the password.</summary>
/// <param name="Enabled">Whether signing in with the password takes a code.</param>
/// <param name="EnabledAt">UTC; null while not.</param>
/// <param name="RecoveryCodesLeft">Recovery codes not yet used.</param>
/// <param name="Passkeys">How many there are.</param>
public sealed record SecondFactorStatus(bool Enabled, DateTimeOffset? EnabledAt, int RecoveryCodesLeft, int Passkeys);

/// <summary>Shows it.</summary>
internal static class ShowSecondFactor
{
    public static async Task<Ok<SecondFactorStatus>> HandleAsync(Caller caller, IdentityDb database, CancellationToken cancellationToken)
    {
        var user = caller.SubjectId;
        var enabledAt = await database.Authenticators
            .Where(row => row.UserId == user && row.ConfirmedAt != null).Select(row => row.ConfirmedAt).SingleOrDefaultAsync(cancellationToken);
        return TypedResults.Ok(new SecondFactorStatus(
            enabledAt is not null,
            enabledAt,
            await database.RecoveryCodes.CountAsync(row => row.UserId == user && row.UsedAt == null, cancellationToken),
            await database.UserPasskeys.CountAsync(row => row.UserId == user, cancellationToken)));
    }
}
