using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace IdentityService.Clients;

/// <summary>A client's id and secret in HTTP's Basic scheme.</summary>
internal readonly record struct BasicCredentials(string Id, string Secret)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads one header; id and secret are form-encoded within it (RFC 6749 section 2.3.1).</summary>
    public static bool TryRead(StringValues header, out BasicCredentials credentials)
    {
        credentials = default;
        if (header is not [{ Length: < 4096 } text]
            || !AuthenticationHeaderValue.TryParse(text, out var value)
            || !string.Equals(value.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)
            || value.Parameter is not { } encoded
            || !TryDecode(encoded, out var pair)
            || pair.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon))
        {
            return false;
        }

        credentials = new BasicCredentials(FormDecode(pair[..colon]), FormDecode(pair[(colon + 1)..]));
        return credentials.Secret.Length > 0;
    }

    private static bool TryDecode(string encoded, out string text)
    {
        text = "";
        var octets = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, octets, out var length))
        {
            return false;
        }

        try
        {
            text = Strict.GetString(octets, 0, length);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static string FormDecode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
