using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace IdentityService.Keys;

/// <summary>
/// Keys derived from <see cref="KeyOptions.EncryptionKey"/> by HKDF-SHA256 (RFC 5869), one for each use, and AES-256-GCM
/// for what is stored: version, id of the key, nonce, tag, ciphertext, bound to the name of what it belongs to. What
/// <see cref="KeyOptions.FormerEncryptionKeys"/> protected can still be read, and is written with the current one.
/// </summary>
internal sealed class KeyEncryption(IOptions<KeyOptions> options)
{
    private const byte Version = 2;

    // Without the id of its key: as it was written before keys could be changed.
    private const byte FirstVersion = 1;

    private const int IdSize = 8;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    // Derived at first use: hosted services are made before the options are checked, and all faults are told at once.
    private readonly Lazy<Material[]> _keys = new(() => [.. options.Value.KeyMaterials().Select(Material.Of)]);

    /// <summary>Key by which a page's form knows its browser, and former ones.</summary>
    public IEnumerable<byte[]> Forms => _keys.Value.Select(static key => key.Forms);

    /// <summary>Key of the refresh tokens' succession, and former ones.</summary>
    public IEnumerable<byte[]> RefreshSuccession => _keys.Value.Select(static key => key.Succession);

    /// <summary>Key of challenges that a client holds between two steps of a sign-in, and former ones.</summary>
    public IEnumerable<byte[]> Challenges => _keys.Value.Select(static key => key.Challenges);

    /// <summary>How everything begins that is encrypted with the current key.</summary>
    public byte[] CurrentMark => [Version, .. _keys.Value[0].Id];

    /// <summary>Encrypts for the database.</summary>
    /// <param name="secret">What to keep.</param>
    /// <param name="owner">Authenticated with it, so that one row's secret can't be put into another.</param>
    public byte[] Protect(ReadOnlySpan<byte> secret, string owner)
    {
        var key = _keys.Value[0];
        var head = CurrentMark;
        var stored = new byte[head.Length + NonceSize + TagSize + secret.Length];
        head.CopyTo(stored, 0);
        var (nonce, tag, text) = Parts(stored.AsMemory(head.Length));
        RandomNumberGenerator.Fill(nonce.Span);
        using var cipher = new AesGcm(key.Storage, TagSize);
        cipher.Encrypt(nonce.Span, secret, text.Span, tag.Span, Encoding.UTF8.GetBytes(owner));
        return stored;
    }

    /// <summary>Decrypts what <see cref="Protect"/> gave.</summary>
    /// <exception cref="CryptographicException">None of the keys encrypted it, or it was changed.</exception>
    public byte[] Unprotect(byte[] stored, string owner)
    {
        if (stored is [Version, ..] && stored.Length > 1 + IdSize + NonceSize + TagSize)
        {
            var id = stored.AsSpan(1, IdSize).ToArray();
            return Array.Find(_keys.Value, key => key.Id.AsSpan().SequenceEqual(id)) is { } key
                ? Decrypt(key, stored.AsMemory(1 + IdSize), owner)
                : throw new CryptographicException("The stored secret was encrypted with a key that is not configured.");
        }

        return stored is [FirstVersion, ..] && stored.Length > 1 + NonceSize + TagSize
            ? DecryptWithAny(stored.AsMemory(1), owner)
            : throw new CryptographicException("The stored secret has an unknown form.");
    }

    private static byte[] Decrypt(Material key, Memory<byte> stored, string owner)
    {
        var (nonce, tag, text) = Parts(stored);
        var secret = new byte[text.Length];
        using var cipher = new AesGcm(key.Storage, TagSize);
        cipher.Decrypt(nonce.Span, text.Span, tag.Span, secret, Encoding.UTF8.GetBytes(owner));
        return secret;
    }

    private static (Memory<byte> Nonce, Memory<byte> Tag, Memory<byte> Text) Parts(Memory<byte> stored) =>
        (stored[..NonceSize], stored.Slice(NonceSize, TagSize), stored[(NonceSize + TagSize)..]);

    private byte[] DecryptWithAny(Memory<byte> stored, string owner)
    {
        foreach (var key in _keys.Value[..^1])
        {
            try
            {
                return Decrypt(key, stored, owner);
            }
            catch (AuthenticationTagMismatchException)
            {
                // Another one's.
            }
        }

        return Decrypt(_keys.Value[^1], stored, owner);
    }

    private sealed record Material(byte[] Id, byte[] Storage, byte[] Succession, byte[] Forms, byte[] Challenges)
    {
        public static Material Of(byte[] key) => new(
            Derive(key, "platform encryption key id", IdSize),
            Derive(key, "platform signing keys at rest"),
            Derive(key, "platform refresh token succession"),
            Derive(key, "platform page forms"),
            Derive(key, "platform sign-in challenges"));

        private static byte[] Derive(byte[] key, string use, int size = 32) =>
            HKDF.DeriveKey(HashAlgorithmName.SHA256, key, size, info: Encoding.UTF8.GetBytes(use));
    }
}
