using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace IdentityService.Keys;

/// <summary>The published key set (RFC 7517 section 5), ready to send.</summary>
/// <param name="Document">JSON.</param>
/// <param name="Tag">Changes with the content only.</param>
internal sealed record JsonWebKeySet(byte[] Document, EntityTagHeaderValue Tag)
{
    /// <summary>Of the public halves.</summary>
    public static JsonWebKeySet Of(IEnumerable<SigningKey> keys)
    {
        var document = Encoding.UTF8.GetBytes($$"""{"keys":[{{string.Join(',', keys.Select(key => key.PublicJwk))}}]}""");
        return new JsonWebKeySet(document, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(document).AsSpan(0, 16))}\""));
    }
}
