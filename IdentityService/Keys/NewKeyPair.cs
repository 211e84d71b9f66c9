using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace IdentityService.Keys;

/// <summary>The algorithms that tokens can be signed with (RFC 7518 section 3): those that every service verifies.</summary>
internal static class SigningAlgorithms
{
    public const string Rs256 = "RS256";
    public const string Es256 = "ES256";
}

/// <summary>A key pair just made; wiped when it is disposed of.</summary>
/// <param name="KeyId">RFC 7638 thumbprint of the public half.</param>
/// <param name="PublicJwk">The public half as a JWK.</param>
/// <param name="PrivateKey">PKCS #8.</param>
internal sealed record NewKeyPair(string KeyId, string PublicJwk, byte[] PrivateKey) : IDisposable
{
    /// <summary>
    /// 112 bits of strength, good until 2030 (NIST SP 800-57 part 1, table 4), for keys that live some weeks. A signature
    /// takes a third of the time of 3072 bits. P-256 has 128 bits.
    /// </summary>
    private const int RsaBits = 2048;

    /// <summary>Makes one for an algorithm.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The algorithm is neither RS256 nor ES256.</exception>
    public static NewKeyPair Of(string algorithm) => algorithm switch
    {
        SigningAlgorithms.Rs256 => OfRsa(),
        SigningAlgorithms.Es256 => OfEllipticCurve(),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Tokens are signed RS256 or ES256."),
    };

    public void Dispose() => CryptographicOperations.ZeroMemory(PrivateKey);

    private static NewKeyPair OfRsa()
    {
        using var rsa = RSA.Create(RsaBits);
        var half = rsa.ExportParameters(includePrivateParameters: false);
        var bare = new { kty = "RSA", n = Base64Url.EncodeToString(half.Modulus), e = Base64Url.EncodeToString(half.Exponent) };
        var kid = JwkThumbprint.Of(JsonSerializer.SerializeToElement(bare));
        var jwk = JsonSerializer.Serialize(new { bare.kty, kid, use = "sig", alg = SigningAlgorithms.Rs256, bare.n, bare.e });
        return new NewKeyPair(kid, jwk, rsa.ExportPkcs8PrivateKey());
    }

    private static NewKeyPair OfEllipticCurve()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var half = key.ExportParameters(includePrivateParameters: false).Q;
        var bare = new { kty = "EC", crv = "P-256", x = Base64Url.EncodeToString(half.X), y = Base64Url.EncodeToString(half.Y) };
        var kid = JwkThumbprint.Of(JsonSerializer.SerializeToElement(bare));
        var jwk = JsonSerializer.Serialize(new { bare.kty, kid, use = "sig", alg = SigningAlgorithms.Es256, bare.crv, bare.x, bare.y });
        return new NewKeyPair(kid, jwk, key.ExportPkcs8PrivateKey());
    }
}
