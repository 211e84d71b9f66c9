using System.Net;
using System.Text;

namespace AuditService.Recording;

/// <summary>Text that PostgreSQL takes: UTF-8 without U+0000.</summary>
internal static class CleanText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The same instance when there is nothing to replace; else NULs and lone surrogates become U+FFFD.</summary>
    public static string Of(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (!IsGood(text, at))
            {
                return Replace(text);
            }
        }

        return text;
    }

    /// <summary>The first characters, without half a surrogate pair at the end.</summary>
    public static string Cut(string text, int longest) =>
        text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)];

    /// <summary>Without an IPv6 zone, which the column has no place for; IPv4 mapped into IPv6 as IPv4.</summary>
    public static IPAddress Plain(this IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());

    private static bool IsGood(string text, int at) => text[at] switch
    {
        '\0' => false,
        var high when char.IsHighSurrogate(high) => at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]),
        var low when char.IsLowSurrogate(low) => at > 0 && char.IsHighSurrogate(text[at - 1]),
        _ => true,
    };

    private static string Replace(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            clean.Append(IsGood(text, at) ? text[at] : Replacement);
        }

        return clean.ToString();
    }
}
