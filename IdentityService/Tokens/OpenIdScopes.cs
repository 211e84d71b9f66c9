namespace IdentityService.Tokens;

/// <summary>Scopes by which a client learns who the user is (OpenID Connect Core 1.0 sections 3.1.2.1, 5.4 and 11).</summary>
internal static class OpenIdScopes
{
    public const string OpenId = "openid";
    public const string Profile = "profile";
    public const string Email = "email";
    public const string OfflineAccess = "offline_access";

    public static readonly string[] All = [OpenId, Profile, Email, OfflineAccess];
}
