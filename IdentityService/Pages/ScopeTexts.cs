using IdentityService.Tokens;
using ServiceDefaults.Authentication;
using ServiceDefaults.Pages;

namespace IdentityService.Pages;

/// <summary>What scopes mean, in words for the user who is asked to grant them.</summary>
internal static class ScopeTexts
{
    /// <summary>List items.</summary>
    public static IEnumerable<Html> Of(IEnumerable<string> scopes)
    {
        foreach (var scope in scopes)
        {
            yield return $"<li>{TextOf(scope)}</li>";
        }
    }

    private static string TextOf(string scope) => scope switch
    {
        OpenIdScopes.OpenId => "know that it is you who signs in",
        OpenIdScopes.Profile => "see your name and user name",
        OpenIdScopes.Email => "see your e-mail address",
        OpenIdScopes.OfflineAccess => "stay signed in for you while you are away",
        Scopes.IdentitySelf => "see and change your account, and read your notifications",
        Scopes.IdentityAdmin => "administer users, applications and keys",
        Scopes.AuditRead => "read the audit log",
        Scopes.AuditAdmin => "administer the audit log",
        Scopes.NotificationsRead => "read notifications",
        Scopes.NotificationsAdmin => "administer notifications",
        Scopes.DevicesRead => "see devices",
        Scopes.DevicesWrite => "change and control devices",
        Scopes.Platform => "act in every organisation of the platform",
        _ => scope,
    };
}
