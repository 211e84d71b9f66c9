using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace IdentityService.Keys;

/// <summary>
/// Keys derived from <see cref="KeyOptions.EncryptionKey"/> by HKDF-SHA256 (RFC 5869), one for each use, and AES-256-GCM
/// for what is stored: version, nonce, tag, ciphertext, bound to the name of what it belongs to.
/// </summary>
internal sealed class KeyEncryption(IOptions<KeyOptions> options)
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Overhead = 1 + NonceSize + TagSize;

    // Derived at first use: hosted services are made before the options are checked, and all faults are told at once.
    private readonly Lazy<byte[]> _storage = new(() => Derive(options.Value, "platform signing keys at rest"));
    private readonly Lazy<byte[]> _succession = new(() => Derive(options.Value, "platform refresh token succession"));
    private readonly Lazy<byte[]> _forms = new(() => Derive(options.Value, "platform page forms"));
    private readonly Lazy<byte[]> _challenges = new(() => Derive(options.Value, "platform sign-in challenges"));

    /// <summary>Key of challenges that a client holds between two steps of a sign-in.</summary>
    public byte[] Challenges => _challenges.Value;

    /// <summary>Key by which a page's form knows its browser.</summary>
    public byte[] Forms => _forms.Value;

    /// <summary>Key of the refresh tokens' succession.</summary>
    public byte[] RefreshSuccession => _succession.Value;

    /// <summary>Encrypts for the database.</summary>
    /// <param name="secret">What to keep.</param>
    /// <param name="owner">Authenticated with it, so that one row's secret can't be put into another.</param>
    public byte[] Protect(ReadOnlySpan<byte> secret, string owner)
    {
        var stored = new byte[Overhead + secret.Length];
        stored[0] = Version;
        var nonce = stored.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_storage.Value, TagSize);
        cipher.Encrypt(nonce, secret, stored.AsSpan(Overhead), stored.AsSpan(1 + NonceSize, TagSize), Encoding.UTF8.GetBytes(owner));
        return stored;
    }

    /// <summary>Decrypts what <see cref="Protect"/> gave.</summary>
    /// <exception cref="CryptographicException">Another key encrypted it, or it was changed.</exception>
    public byte[] Unprotect(ReadOnlySpan<byte> stored, string owner)
    {
        if (stored.Length <= Overhead || stored[0] != Version)
        {
            throw new CryptographicException("The stored secret has an unknown form.");
        }

        var secret = new byte[stored.Length - Overhead];
        using var cipher = new AesGcm(_storage.Value, TagSize);
        cipher.Decrypt(
            stored.Slice(1, NonceSize),
            stored[Overhead..],
            stored.Slice(1 + NonceSize, TagSize),
            secret,
            Encoding.UTF8.GetBytes(owner));
        return secret;
    }

    private static byte[] Derive(KeyOptions options, string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, options.KeyMaterial(), 32, info: Encoding.UTF8.GetBytes(use));
}
