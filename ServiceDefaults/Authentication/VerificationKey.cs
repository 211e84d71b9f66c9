using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;

namespace ServiceDefaults.Authentication;

/// <summary>
/// A public key that signs tokens, with the one algorithm it may be used for (RFC 8725 section 3.1): RS256 for RSA,
/// ES256 for P-256.
/// </summary>
public sealed class VerificationKey
{
    private const int LeastRsaBits = 2048;

    // Instances of RSA and ECDsa promise nothing for use by two threads at once, so each verification borrows one.
    private readonly ConcurrentBag<AsymmetricAlgorithm> _idle = [];
    private readonly RSAParameters _rsa;
    private readonly ECParameters _ec;

    private VerificationKey(string keyId, string algorithm, RSAParameters rsa, ECParameters ec)
    {
        KeyId = keyId;
        Algorithm = algorithm;
        _rsa = rsa;
        _ec = ec;
    }

    /// <summary><c>kid</c>.</summary>
    public string KeyId { get; }

    /// <summary><c>RS256</c> or <c>ES256</c> (RFC 7518 section 3).</summary>
    public string Algorithm { get; }

    /// <summary>A key of at least 2048 bits for RS256.</summary>
    public static VerificationKey FromRsa(string keyId, RSAParameters parameters) =>
        parameters.Modulus is { Length: >= LeastRsaBits / 8 }
            ? new VerificationKey(keyId, "RS256", new RSAParameters { Modulus = parameters.Modulus, Exponent = parameters.Exponent }, default)
            : throw new CryptographicException($"An RSA key needs at least {LeastRsaBits} bits.");

    /// <summary>A key on P-256 for ES256.</summary>
    public static VerificationKey FromEc(string keyId, ECPoint point)
    {
        var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point };
        parameters.Validate();
        using var probe = ECDsa.Create(parameters);
        return new VerificationKey(keyId, "ES256", default, parameters);
    }

    /// <summary>
    /// Reads a JWK (RFC 7517). Null for a key that is not for signatures, has no <c>kid</c> while <paramref name="keyId"/>
    /// gives none, or is of a kind that is not used here.
    /// </summary>
    /// <exception cref="CryptographicException">The key's numbers are no usable key.</exception>
    /// <exception cref="FormatException">A member is not base64url.</exception>
    public static VerificationKey? FromJwk(JsonElement jwk, string? keyId = null)
    {
        var kid = keyId ?? Text(jwk, "kid");
        if (kid is null || Text(jwk, "use") is not (null or "sig"))
        {
            return null;
        }

        return (Text(jwk, "kty"), Text(jwk, "alg")) switch
        {
            ("RSA", null or "RS256") => FromRsa(kid, new RSAParameters { Modulus = Octets(jwk, "n"), Exponent = Octets(jwk, "e") }),
            ("EC", null or "ES256") when Text(jwk, "crv") == "P-256" =>
                FromEc(kid, new ECPoint { X = Octets(jwk, "x"), Y = Octets(jwk, "y") }),
            _ => null,
        };
    }

    /// <summary>Whether this key made the signature, by its own algorithm only.</summary>
    public bool Verifies(CompactJws jws)
    {
        if (jws.Algorithm != Algorithm)
        {
            return false;
        }

        if (!_idle.TryTake(out var key))
        {
            key = Algorithm == "RS256" ? RSA.Create(_rsa) : ECDsa.Create(_ec);
        }

        try
        {
            return key is RSA rsa
                ? rsa.VerifyHash(jws.SignedDigest.Octets, jws.Signature.Span, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : ((ECDsa)key).VerifyHash(jws.SignedDigest.Octets, jws.Signature.Span, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            _idle.Add(key);
        }
    }

    private static string? Text(JsonElement jwk, string name) =>
        jwk.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static byte[] Octets(JsonElement jwk, string name) => Base64Url.DecodeFromChars(Text(jwk, name));
}
