using IdentityService.Accounts;

namespace IdentityService.Tokens;

/// <summary>What of an application's wish a user can grant.</summary>
internal static class GrantedScopes
{
    /// <summary>The scopes that tell who the user is, and of the others those that the user's roles give.</summary>
    public static string[] Of(IEnumerable<string> wanted, IReadOnlyList<string> roles) =>
        [.. wanted.Intersect([.. OpenIdScopes.All, .. Role.ScopesOf(roles)], StringComparer.Ordinal)];

    /// <summary>A scope parameter's values (RFC 6749 section 3.3).</summary>
    public static string[] Read(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
}
