namespace IdentityService.Accounts;

/// <summary>
/// What a person types to sign in: the user name or the e-mail address, without regard to case. Both are ASCII, so case
/// and Unicode's compatibility forms give nobody a second spelling of another one's name.
/// </summary>
internal static class LoginName
{
    /// <summary>The longest of the two: an e-mail address (RFC 5321 section 4.5.3.1.3, less the angle brackets).</summary>
    public const int Longest = 254;

    /// <summary>The form that is unique and searched.</summary>
    public static string Normalize(string text) => text.ToUpperInvariant();

    /// <summary>Whether anyone could be called so. Other texts are not even looked for: PostgreSQL refuses some of them.</summary>
    public static bool IsPossible(string text) => text.All(letter => letter is > ' ' and <= '~');

    /// <summary>Whether it must be an e-mail address: user names have no at sign.</summary>
    public static bool IsEmail(string text) => text.Contains('@', StringComparison.Ordinal);
}
