using IdentityService.Names;

namespace IdentityService.Accounts;

/// <summary>
/// What a person types to sign in: the user name or the e-mail address, without regard to case or to the forms in which
/// Unicode writes the same.
/// </summary>
internal static class LoginName
{
    /// <summary>The longest of the two: an e-mail address (RFC 5321 section 4.5.3.1.3, less the angle brackets).</summary>
    public const int Longest = 254;

    /// <summary>The form that is unique and searched.</summary>
    public static string Normalize(string text) => UserNames.Normalize(text);

    /// <summary>Whether anyone could be called so. Other texts are not even looked for: PostgreSQL refuses some of them.</summary>
    public static bool IsPossible(string text) => IsEmail(text)
        ? text.All(letter => letter is > ' ' and <= '~')
        : UserNames.Read(text) is not null;

    /// <summary>Whether it must be an e-mail address: user names have no at sign.</summary>
    public static bool IsEmail(string text) => text.Contains('@', StringComparison.Ordinal);
}
