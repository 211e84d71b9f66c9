using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using ServiceDefaults.Authentication;

namespace IdentityService.Keys;

/// <summary>A key of the ring, ready for use by any number of threads.</summary>
internal sealed class Signer
{
    // Instances of RSA promise nothing for use by two threads at once, so each signature borrows one.
    private readonly ConcurrentBag<RSA> _idle = [];
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

    /// <summary>Decrypts a stored key.</summary>
    /// <exception cref="CryptographicException">It was encrypted with another key than the configured one.</exception>
    public static Signer Open(SigningKey key, KeyEncryption encryption)
    {
        using var jwk = JsonDocument.Parse(key.PublicJwk);
        var verification = VerificationKey.FromJwk(jwk.RootElement)
            ?? throw new CryptographicException($"The stored public key {key.KeyId} is not usable.");
        return new Signer(key, encryption.Unprotect(key.PrivateKey, key.KeyId), verification);
    }

    /// <summary>RS256 (RFC 7518 section 3.3).</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        if (!_idle.TryTake(out var rsa))
        {
            rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(_privateKey, out _);
        }

        try
        {
            return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        finally
        {
            _idle.Add(rsa);
        }
    }
}
