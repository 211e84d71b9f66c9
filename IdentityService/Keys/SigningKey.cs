using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace IdentityService.Keys;

/// <summary>Where a key is in its life; follows from its times alone, so that all replicas agree without talking.</summary>
internal enum SigningKeyState
{
    /// <summary>Published, not signing yet.</summary>
    Upcoming,

    /// <summary>Signing.</summary>
    Active,

    /// <summary>No longer signing; published while a token of it may live.</summary>
    Retired,

    /// <summary>Of no use any more.</summary>
    Expired,
}

/// <summary>A row of <c>signing_keys</c>: an RSA key pair, the private half encrypted.</summary>
internal sealed class SigningKey
{
    /// <summary>
    /// 112 bits of strength, good until 2030 (NIST SP 800-57 part 1, table 4), for keys that live some weeks. A signature
    /// takes a third of the time of 3072 bits, which every sign-in and refresh would pay.
    /// </summary>
    private const int Bits = 2048;

    private SigningKey()
    {
    }

    /// <summary>RFC 7638 thumbprint of the public half.</summary>
    public string KeyId { get; private set; } = "";

    /// <summary>The public half as a JWK.</summary>
    public string PublicJwk { get; private set; } = "";

    /// <summary>PKCS #8, encrypted for <see cref="KeyId"/>.</summary>
    public byte[] PrivateKey { get; private set; } = [];

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>UTC; signs from here on.</summary>
    public DateTimeOffset ActivatesAt { get; private set; }

    /// <summary>UTC; signs until here. Null while no successor is planned.</summary>
    public DateTimeOffset? RetiresAt { get; private set; }

    /// <summary>UTC; published until here. Null while no successor is planned.</summary>
    public DateTimeOffset? ExpiresAt { get; private set; }

    /// <summary>Makes a new key pair.</summary>
    public static SigningKey Create(KeyEncryption encryption, DateTimeOffset now, DateTimeOffset activatesAt)
    {
        using var rsa = RSA.Create(Bits);
        var half = rsa.ExportParameters(includePrivateParameters: false);
        var bare = new { kty = "RSA", n = Base64Url.EncodeToString(half.Modulus), e = Base64Url.EncodeToString(half.Exponent) };
        var keyId = JwkThumbprint.Of(JsonSerializer.SerializeToElement(bare));
        var secret = rsa.ExportPkcs8PrivateKey();
        try
        {
            return new SigningKey
            {
                KeyId = keyId,
                PublicJwk = JsonSerializer.Serialize(new { bare.kty, kid = keyId, use = "sig", alg = "RS256", bare.n, bare.e }),
                PrivateKey = encryption.Protect(secret, keyId),
                CreatedAt = now,
                ActivatesAt = activatesAt,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Where the key is in its life.</summary>
    public SigningKeyState StateAt(DateTimeOffset now) =>
        now < ActivatesAt ? SigningKeyState.Upcoming
        : !(RetiresAt <= now) ? SigningKeyState.Active
        : !(ExpiresAt <= now) ? SigningKeyState.Retired
        : SigningKeyState.Expired;

    /// <summary>Plans the end: the successor signs from <paramref name="successorActivates"/> on.</summary>
    /// <param name="successorActivates">UTC.</param>
    /// <param name="tokenLife">The longest life of a token that this key may have signed, clocks' differences included.</param>
    public void Retire(DateTimeOffset successorActivates, TimeSpan tokenLife)
    {
        RetiresAt = successorActivates;
        ExpiresAt = successorActivates + tokenLife;
    }
}
