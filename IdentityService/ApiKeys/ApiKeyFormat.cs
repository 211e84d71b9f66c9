using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IdentityService.ApiKeys;

/// <summary>API keys as programs hold them: a prefix that scanners for secrets recognise, and 32 random bytes in base64url.</summary>
internal static class ApiKeyFormat
{
    public const string Prefix = "pak_";

    /// <summary>Length of a key.</summary>
    public const int Length = 47;

    /// <summary>Length of what is shown of it later.</summary>
    public const int Shown = 10;

    /// <summary>A new key.</summary>
    public static string Random() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Its hash; false for what can't be a key.</summary>
    public static bool TryHash(string? text, [NotNullWhen(true)] out byte[]? hash)
    {
        hash = text is { Length: Length } && text.StartsWith(Prefix, StringComparison.Ordinal)
            ? SHA256.HashData(Encoding.UTF8.GetBytes(text))
            : null;
        return hash is not null;
    }
}
