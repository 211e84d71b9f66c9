using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IdentityService.Keys;

/// <summary>The SHA-256 thumbprint of a JWK (RFC 7638), base64url.</summary>
internal static class JwkThumbprint
{
    /// <summary>Of an RSA or EC public key; other members than the required ones don't count.</summary>
    /// <exception cref="FormatException">The key is of another kind or lacks a member.</exception>
    public static string Of(JsonElement jwk)
    {
        // RFC 7638 section 3.2: the required members only, in lexicographic order, without whitespace.
        string[] members = Text(jwk, "kty") switch
        {
            "RSA" => ["e", "kty", "n"],
            "EC" => ["crv", "kty", "x", "y"],
            _ => throw new FormatException("The JWK is neither an RSA nor an EC key."),
        };
        var canonical = new StringBuilder("{");
        foreach (var member in members)
        {
            canonical.Append(canonical.Length > 1 ? "," : "").Append('"').Append(member).Append("\":\"").Append(Text(jwk, member)).Append('"');
        }

        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.Append('}').ToString())));
    }

    // Base64url and the names of curves need no escaping; anything else is no key.
    private static string Text(JsonElement jwk, string name) =>
        jwk.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            && member.GetString() is { Length: > 0 } text && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? text
            : throw new FormatException($"The JWK has no usable member '{name}'.");
}
