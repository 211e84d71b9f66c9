namespace IdentityService.Tokens;

/// <summary>Reads the bodies of the OAuth endpoints.</summary>
internal static class OAuthForm
{
    /// <summary>
    /// The parameters; null when the body is no form or has one twice (RFC 6749 section 3.2). Empty ones count as missing
    /// (section 3.1).
    /// </summary>
    public static async Task<Dictionary<string, string>?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        request.HttpContext.Response.Headers.Pragma = "no-cache";
        if (request.ContentType?.Split(';')[0].Trim().Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        try
        {
            return Read(await request.ReadFormAsync(cancellationToken));
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException or NotSupportedException)
        {
            // Too many or too long parameters; names that differ in case only; UTF-7.
            return null;
        }
    }

    /// <summary>The same of a query.</summary>
    public static Dictionary<string, string>? Read(IEnumerable<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>> parameters)
    {
        Dictionary<string, string> read = new(StringComparer.Ordinal);
        foreach (var (name, values) in parameters)
        {
            // PostgreSQL keeps no NUL in a text.
            if (values.Count > 1 || values.ToString().Contains('\0', StringComparison.Ordinal))
            {
                return null;
            }

            if (values.ToString() is { Length: > 0 } value)
            {
                read.Add(name, value);
            }
        }

        return read;
    }

    public static string Malformed => "Send each parameter once, as application/x-www-form-urlencoded.";
}
