using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace ServiceDefaults.Idempotency;

/// <summary>
/// The request header <c>Idempotency-Key</c> of draft-ietf-httpapi-idempotency-key-header-07: an Item Structured Field whose
/// value is a String (RFC 8941 section 3.3.3), <c>"8e03978e-40d5-43dd-bc93-6894a57f9324"</c>. Many clients send the key
/// without the quotes; it is the same key. Parameters of the item mean nothing here and are refused.
/// </summary>
public static class IdempotencyKey
{
    /// <summary>The request header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header of an answer that was given before: <c>true</c>.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>Characters of a key, unquoted.</summary>
    public const int Longest = 255;

    /// <summary>The key; false unless there is exactly one, of 1 to 255 visible ASCII characters.</summary>
    public static bool TryParse(StringValues header, [NotNullWhen(true)] out string? key)
    {
        key = header is [{ Length: > 0 } text] ? text[0] == '"' ? Unquoted(text) : Bare(text) : null;
        if (key is { Length: > 0 and <= Longest } && key.All(static letter => letter is > ' ' and <= '~'))
        {
            return true;
        }

        key = null;
        return false;
    }

    // Comma and semicolon would be a list of keys, which a proxy makes of two headers, or a parameter.
    private static string? Bare(string text) => text.AsSpan().ContainsAny("\"\\,;") ? null : text;

    private static string? Unquoted(string text)
    {
        var key = new StringBuilder(text.Length);
        for (var at = 1; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '"':
                    return at == text.Length - 1 ? key.ToString() : null;
                case '\\' when at + 1 < text.Length && text[at + 1] is '"' or '\\':
                    key.Append(text[++at]);
                    break;
                case '\\':
                    return null;
                default:
                    key.Append(text[at]);
                    break;
            }
        }

        return null;
    }
}
