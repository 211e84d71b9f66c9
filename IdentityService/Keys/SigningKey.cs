using System.Text.Json;

namespace IdentityService.Keys;

/// <summary>Where a key is in its life; follows from its times alone, so that all replicas agree without talking.</summary>
public enum SigningKeyState
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

/// <summary>A row of <c>signing_keys</c>: a key pair, the private half encrypted.</summary>
internal sealed class SigningKey
{
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

    /// <summary>RS256 or ES256, as the JWK says.</summary>
    public string Algorithm
    {
        get
        {
            if (field is null)
            {
                using var jwk = JsonDocument.Parse(PublicJwk);
                field = jwk.RootElement.GetProperty("alg").GetString()!;
            }

            return field;
        }
    }

    /// <summary>Makes a new key pair.</summary>
    public static SigningKey Create(KeyEncryption encryption, string algorithm, DateTimeOffset now, DateTimeOffset activatesAt)
    {
        using var pair = NewKeyPair.Of(algorithm);
        return new SigningKey
        {
            KeyId = pair.KeyId,
            PublicJwk = pair.PublicJwk,
            PrivateKey = encryption.Protect(pair.PrivateKey, pair.KeyId),
            CreatedAt = now,
            ActivatesAt = activatesAt,
        };
    }

    /// <summary>Where the key is in its life.</summary>
    public SigningKeyState StateAt(DateTimeOffset now) =>
        now < ActivatesAt ? SigningKeyState.Upcoming
        : !(RetiresAt <= now) ? SigningKeyState.Active
        : !(ExpiresAt <= now) ? SigningKeyState.Retired
        : SigningKeyState.Expired;

    /// <summary>Begins to sign earlier than planned.</summary>
    public void Advance(DateTimeOffset activatesAt) => ActivatesAt = activatesAt;

    /// <summary>Plans the end: the successor signs from <paramref name="successorActivates"/> on.</summary>
    /// <param name="successorActivates">UTC.</param>
    /// <param name="tokenLife">The longest life of a token that this key may have signed, clocks' differences included.</param>
    public void Retire(DateTimeOffset successorActivates, TimeSpan tokenLife)
    {
        RetiresAt = successorActivates;
        ExpiresAt = successorActivates + tokenLife;
    }
}
