using IdentityService.Accounts;

namespace IdentityService.UserAdministration;

/// <summary>An account as its administrators see it.</summary>
/// <param name="Id">Also the token's <c>sub</c>.</param>
/// <param name="Username">To sign in with.</param>
/// <param name="Email">To sign in with as well.</param>
/// <param name="EmailVerified">Whether its owner has proved to read its mail.</param>
/// <param name="DisplayName">Null when none was chosen.</param>
/// <param name="TenantId">Whose data it sees.</param>
/// <param name="Roles">Sorted.</param>
/// <param name="State"><c>active</c> or <c>disabled</c>.</param>
/// <param name="MustResetPassword">Whether a new password has to be set before it can sign in.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="DisabledAt">UTC.</param>
/// <param name="BlockedUntil">UTC; after too many failed attempts to sign in. Lists leave it out.</param>
public sealed record AdministeredUser(
    Guid Id,
    string Username,
    string Email,
    bool EmailVerified,
    string? DisplayName,
    Guid TenantId,
    IReadOnlyList<string> Roles,
    string State,
    bool MustResetPassword,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DisabledAt,
    DateTimeOffset? BlockedUntil)
{
    internal static AdministeredUser Of(User user, IReadOnlyList<string> roles, DateTimeOffset? blockedUntil = null) => new(
        user.Id,
        user.UserName!,
        user.Email!,
        user.EmailConfirmed,
        user.DisplayName,
        user.TenantId,
        roles,
        user.DisabledAt is null ? "active" : "disabled",
        user.MustResetPassword,
        user.CreatedAt,
        user.DisabledAt,
        blockedUntil);
}
