using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace Gateway.Edge;

/// <summary>
/// Judges a request target by its bytes as sent. What the gateway matches and authorizes is the decoded path; a target
/// that another server could decode to another path is refused: empty and dot segments, encoded slashes, dots and
/// control bytes, percent signs encoded twice, what is no UTF-8.
/// </summary>
internal static class RequestTarget
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    // RFC 3986 section 3.3, without the percent sign.
    private static readonly SearchValues<char> InPath = SearchValues.Create(Letters + "-._~!$&'()*+,;=:@/");

    // All that is printable, as browsers send it; no fragment, no backslash.
    private static readonly SearchValues<char> InQuery =
        SearchValues.Create(Letters + "-._~!$&'()*+,;=:@/?%[]{}|^`\"<>");

    /// <param name="target">In origin form, or absolute with the scheme http or https (RFC 9112 section 3.2).</param>
    public static bool IsPlain(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        if (query >= 0 && target[query..].ContainsAnyExcept(InQuery))
        {
            return false;
        }

        var path = query < 0 ? target : target[..query];
        if (path.IsEmpty || path[0] != '/')
        {
            path = PathOfAbsolute(path);
        }

        return !path.IsEmpty
            && path.IndexOf("//", StringComparison.Ordinal) < 0
            && (path.IndexOf("/.", StringComparison.Ordinal) < 0 || !HasDotSegment(path))
            && (!path.ContainsAnyExcept(InPath) || IsDecodedOneWay(path));
    }

    private static ReadOnlySpan<char> PathOfAbsolute(ReadOnlySpan<char> target)
    {
        var scheme = target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http://".Length
            : target.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https://".Length
            : 0;
        if (scheme == 0)
        {
            return default;
        }

        var slash = target[scheme..].IndexOf('/');
        return slash < 0 ? "/" : target[(scheme + slash)..];
    }

    private static bool HasDotSegment(ReadOnlySpan<char> path)
    {
        foreach (var segment in path.Split('/'))
        {
            if (path[segment] is "." or "..")
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDecodedOneWay(ReadOnlySpan<char> path)
    {
        Span<byte> decoded = path.Length <= 1024 ? stackalloc byte[path.Length] : new byte[path.Length];
        var length = 0;
        for (var index = 0; index < path.Length; index++)
        {
            if (path[index] != '%')
            {
                if (!InPath.Contains(path[index]))
                {
                    return false;
                }

                decoded[length++] = (byte)path[index];
                continue;
            }

            if (index + 2 >= path.Length
                || !byte.TryParse(path.Slice(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
                || octet is < 0x20 or 0x7f or (byte)'/' or (byte)'\\' or (byte)'.')
            {
                return false;
            }

            decoded[length++] = octet;
            index += 2;
        }

        return !IsEncodedTwice(decoded[..length]) && Utf8.IsValid(decoded[..length]);
    }

    private static bool IsEncodedTwice(ReadOnlySpan<byte> decoded)
    {
        for (var percent = decoded.IndexOf((byte)'%'); percent >= 0 && percent + 2 < decoded.Length; percent++)
        {
            if (decoded[percent] == (byte)'%' && char.IsAsciiHexDigit((char)decoded[percent + 1]) && char.IsAsciiHexDigit((char)decoded[percent + 2]))
            {
                return true;
            }
        }

        return false;
    }
}
