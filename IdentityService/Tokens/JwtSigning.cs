using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IdentityService.Keys;
using Microsoft.Extensions.Options;

namespace IdentityService.Tokens;

/// <summary>Writes JWTs (RFC 7519), signed with the key that is active now.</summary>
internal sealed class JwtSigning(KeyRing keys, IOptions<KeyOptions> options)
{
    /// <summary><c>typ</c> of access tokens (RFC 9068 section 2.1).</summary>
    public const string AccessToken = "at+jwt";

    // A token is not put into HTML; escaping the plus of at+jwt only makes it longer.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Signs claims.</summary>
    /// <param name="type"><c>typ</c>: what keeps one kind of token from passing for another (RFC 8725 section 3.11).</param>
    /// <param name="claims">Writes the members of the payload.</param>
    public string Sign(string type, Action<Utf8JsonWriter> claims)
    {
        // Others verify the tokens that are not the platform's own affair.
        var key = keys.SigningBy(type == AccessToken ? options.Value.Algorithm : options.Value.IdTokenAlgorithm);
        var signed = $"{Encode(header => WriteHeader(header, type, key))}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private static void WriteHeader(Utf8JsonWriter header, string type, Signer key)
    {
        header.WriteString("alg", key.Algorithm);
        header.WriteString("typ", type);
        header.WriteString("kid", key.KeyId);
    }

    private static string Encode(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }
}
