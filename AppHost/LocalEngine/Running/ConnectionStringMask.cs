using System.Text.RegularExpressions;

namespace Platform.LocalEngine.Running;

/// <summary>Hides the password in a connection string of the user's own, whose value no parameter knows.</summary>
internal static partial class ConnectionStringMask
{
    public static string Mask(string text) => UriPassword().Replace(KeyedPassword().Replace(text, "${key}********"), "${user}********@");

    [GeneratedRegex("(?<key>(password|pwd)=)[^;,]*", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyedPassword();

    [GeneratedRegex("(?<user>://[^:/@]+:)[^@/]+@", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UriPassword();
}
