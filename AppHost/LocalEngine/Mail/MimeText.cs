using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Platform.LocalEngine.Mail;

/// <summary>Decoding of MIME's text forms. What is malformed is shown as it came.</summary>
internal static partial class MimeText
{
    /// <summary>Encoded words in headers, RFC 2047.</summary>
    public static string DecodeWords(string header)
    {
        var joined = BetweenWords().Replace(header, "?==?"); // 6.2: white space between two of them is not shown
        return EncodedWord().Replace(joined, match =>
        {
            var text = match.Groups["text"].Value;
            return match.Groups["kind"].Value is "B" or "b"
                ? DecodeBody(text, "base64", match.Groups["charset"].Value)
                : DecodeBody(text.Replace('_', ' '), "quoted-printable", match.Groups["charset"].Value);
        });
    }

    /// <param name="body">One character a byte.</param>
    public static string DecodeBody(string body, string encoding, string? charset)
    {
        var bytes = encoding.Trim().ToLowerInvariant() switch
        {
            "base64" => FromBase64(body),
            "quoted-printable" => FromQuotedPrintable(body),
            _ => Encoding.Latin1.GetBytes(body),
        };
        return Charset(charset).GetString(bytes);
    }

    /// <summary>A parameter of a structured header, as boundary in Content-Type.</summary>
    public static string? Parameter(string header, string name)
    {
        foreach (var part in header.Split(';').Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part[..equals].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return part[(equals + 1)..].Trim().Trim('"');
            }
        }

        return null;
    }

    private static byte[] FromBase64(string body)
    {
        var clean = string.Concat(body.Where(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '='));
        var bytes = new byte[clean.Length];
        return Convert.TryFromBase64String(clean, bytes, out var written) ? bytes[..written] : Encoding.Latin1.GetBytes(body);
    }

    private static byte[] FromQuotedPrintable(string body)
    {
        var bytes = new MemoryStream(body.Length);
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] == '=' && i + 2 < body.Length && body.AsSpan(i + 1, 2) is "\r\n")
            {
                i += 2; // a soft line break
            }
            else if (body[i] == '=' && i + 2 < body.Length
                && byte.TryParse(body.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.WriteByte(value);
                i += 2;
            }
            else
            {
                bytes.WriteByte((byte)body[i]);
            }
        }

        return bytes.ToArray();
    }

    private static Encoding Charset(string? name)
    {
        try
        {
            return name is null ? Encoding.UTF8 : Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }

    [GeneratedRegex(@"=\?(?<charset>[^?\s]{1,40})\?(?<kind>[BbQq])\?(?<text>[^?\s]*)\?=", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EncodedWord();

    [GeneratedRegex(@"\?=\s+=\?", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BetweenWords();
}
