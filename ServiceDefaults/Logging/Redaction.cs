using System.Buffers;
using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace ServiceDefaults.Logging;

/// <summary>Removes secrets from what is logged, exported or shown: by the name of a property and by the look of a value.</summary>
public static partial class Redaction
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mark = "[redacted]";

    private const int MostNames = 4096;
    private static readonly ConcurrentDictionary<string, bool> Names = new(StringComparer.Ordinal);

    private static readonly string[] SecretParts =
    [
        "password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "apikey", "connectionstring",
        "credential", "privatekey", "signingkey", "assertion", "otp", "codeverifier", "recoverycode", "verificationcode",
        "authorizationcode", "activationcode", "usercode", "devicecode",
    ];

    private static readonly string[] SecretNames = ["code", "pwd", "pin", "key", "jwt"];

    // Contain "token" or the like, and name a thing that is no secret.
    private static readonly string[] OpenNames = ["tokentype", "tokenid", "tokencount", "cancellationtoken", "tokenlifetime", "tokenuse"];

    private static readonly SearchValues<string> Hints = SearchValues.Create(
        ["eyJ", "bearer ", "basic ", "password", "pwd", "secret", "token", "api-key", "apikey", "://"], StringComparison.OrdinalIgnoreCase);

    /// <summary>True when a property of this name holds a secret, however the name is written.</summary>
    public static bool IsSecret(string name)
    {
        if (Names.TryGetValue(name, out bool known))
        {
            return known;
        }

        bool secret = Judge(name);
        if (Names.Count < MostNames)
        {
            Names.TryAdd(name, secret);
        }

        return secret;
    }

    /// <summary>
    /// The text without what looks like a secret: JSON Web Tokens, Authorization values, <c>Password=</c> and its like,
    /// user information in URIs.
    /// </summary>
    public static string Text(string text)
    {
        if (!text.AsSpan().ContainsAny(Hints))
        {
            return text;
        }

        try
        {
            text = Jwt().Replace(text, Mark);
            text = Scheme().Replace(text, $"${{kept}} {Mark}");
            text = Assignment().Replace(text, $"${{kept}}{Mark}");
            return UserInformation().Replace(text, $"${{kept}}{Mark}@");
        }
        catch (RegexMatchTimeoutException)
        {
            return Mark;
        }
    }

    private static bool Judge(string name)
    {
        string bare = string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        return !OpenNames.Contains(bare, StringComparer.Ordinal)
            && (SecretNames.Contains(bare, StringComparer.Ordinal)
                || SecretParts.Any(part => bare.Contains(part, StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){1,4}", RegexOptions.None, 200)]
    private static partial Regex Jwt();

    [GeneratedRegex(@"\b(?<kept>bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 200)]
    private static partial Regex Scheme();

    [GeneratedRegex("""(?<kept>(?:password|passwd|pwd|secret|token|api[-_]?key)["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s;,&"'}]+)""", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 200)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?<kept>[a-z][a-z0-9+.-]{1,20}://)[^\s/@:""']*:[^\s/""']*@", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 200)]
    private static partial Regex UserInformation();
}
