namespace IdentityService.Authorization;

/// <summary>Compares addresses with those that an administrator registered.</summary>
internal static class RegisteredUris
{
    /// <summary>
    /// Exactly (RFC 9700 section 2.1), but for the port of a loopback address, which a native application can't know ahead
    /// (RFC 8252 section 7.3).
    /// </summary>
    public static bool Allow(string[] registered, string uri) =>
        registered.Contains(uri, StringComparer.Ordinal)
        || (WithoutLoopbackPort(uri) is { } bare
            && registered.Any(one => WithoutLoopbackPort(one) is { } other && bare == other));

    private static string? WithoutLoopbackPort(string text)
    {
        foreach (var host in (string[])["http://127.0.0.1", "http://[::1]"])
        {
            if (text.StartsWith(host, StringComparison.Ordinal)
                && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.IsLoopback && uri.UserInfo.Length == 0)
            {
                var rest = text[host.Length..];
                return rest.StartsWith(':') ? host + rest[1..].TrimStart("0123456789".ToCharArray()) : text;
            }
        }

        return null;
    }
}
