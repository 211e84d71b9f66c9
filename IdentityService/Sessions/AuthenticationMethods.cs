namespace IdentityService.Sessions;

/// <summary>How users prove who they are, in the words of RFC 8176.</summary>
internal static class AuthenticationMethods
{
    private const string Multiple = "mfa";

    /// <summary>A password alone.</summary>
    public static readonly string[] Password = ["pwd"];

    /// <summary>A code of an authenticator or a recovery code, for a session that had the password before.</summary>
    public static readonly string[] Code = ["otp", Multiple];

    /// <summary>Both at once.</summary>
    public static readonly string[] PasswordAndCode = [.. Password, .. Code];

    /// <summary>
    /// A passkey, unlocked by its owner: two factors by itself, the device and what unlocks it.
    /// </summary>
    /// <param name="copied">Whether it may be on several devices, so that software holds its key.</param>
    public static string[] Passkey(bool copied) => [copied ? "swk" : "hwk", "user", Multiple];

    public static bool HaveSecondFactor(IEnumerable<string> methods) => methods.Contains(Multiple, StringComparer.Ordinal);
}

/// <summary>How surely a user proved who they are (<c>acr</c>), named after the levels of NIST SP 800-63B.</summary>
internal static class AuthenticationLevels
{
    /// <summary>One factor.</summary>
    public const string One = "aal1";

    /// <summary>Two factors.</summary>
    public const string Two = "aal2";

    /// <summary>As discovery names them.</summary>
    public static readonly string[] All = [One, Two];

    public static string Of(Session session) => session.SecondFactorAt is null ? One : Two;
}
