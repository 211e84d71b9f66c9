using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using ServiceDefaults.Authentication;

namespace IdentityService.Keys;

/// <summary>A key of the ring, ready for use by any number of threads.</summary>
internal sealed class Signer
{
    // Instances of RSA and ECDsa promise nothing for use by two threads at once, so each signature borrows one.
    private readonly ConcurrentBag<AsymmetricAlgorithm> _idle = [];
    private readonly byte[] _privateKey;

    private Signer(SigningKey key, byte[] privateKey, VerificationKey verification)
    {
        Key = key;
        KeyId = key.KeyId;
        Verification = verification;
        _privateKey = privateKey;
    }

    public SigningKey Key { get; }

    public string KeyId { get; }

    public VerificationKey Verification { get; }

    /// <summary><c>alg</c>.</summary>
    public string Algorithm => Verification.Algorithm;

    /// <summary>Decrypts a stored key.</summary>
    /// <exception cref="CryptographicException">It was encrypted with another key than the configured one.</exception>
    public static Signer Open(SigningKey key, KeyEncryption encryption)
    {
        using var jwk = JsonDocument.Parse(key.PublicJwk);
        var verification = VerificationKey.FromJwk(jwk.RootElement)
            ?? throw new CryptographicException($"The stored public key {key.KeyId} is not usable.");
        return new Signer(key, encryption.Unprotect(key.PrivateKey, key.KeyId), verification);
    }

    /// <summary>The same key with other times, for instance since it was planned to retire.</summary>
    public Signer With(SigningKey key) => new(key, _privateKey, Verification);

    /// <summary>RS256 or ES256 (RFC 7518 sections 3.3 and 3.4).</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        if (!_idle.TryTake(out var key))
        {
            key = Open();
        }

        try
        {
            return key is RSA rsa
                ? rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : ((ECDsa)key).SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            _idle.Add(key);
        }
    }

    private AsymmetricAlgorithm Open()
    {
        AsymmetricAlgorithm key = Algorithm == SigningAlgorithms.Rs256 ? RSA.Create() : ECDsa.Create();
        key.ImportPkcs8PrivateKey(_privateKey, out _);
        return key;
    }
}
