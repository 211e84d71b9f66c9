using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ServiceDefaults.Idempotency;

/// <summary>Whose key it is, and for which route: only the same caller through the same client finds it again.</summary>
/// <param name="TenantId"><c>tid</c>.</param>
/// <param name="Subject"><c>sub</c>; a client that acts for itself is its own subject.</param>
/// <param name="Client"><c>client_id</c>: two applications of one user know nothing of each other's keys.</param>
/// <param name="Route">Method and route pattern.</param>
internal sealed record KeyScope(Guid TenantId, string Subject, string Client, string Route);

/// <summary>
/// A request under a key. What its row holds is derived by HKDF-SHA256 (RFC 5869) from key and request together, so that
/// the database alone neither tells the request nor opens the answer, and no key of ours has to be kept or changed: the
/// client brings it. The answer is sealed by AES-256-GCM and bound to its row.
/// </summary>
internal sealed class IdempotentRequest
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Overhead = 1 + NonceSize + TagSize;

    private readonly byte[] _sealingKey;

    private IdempotentRequest(KeyScope scope, Guid id, byte[] derived)
    {
        Scope = scope;
        Id = id;
        Fingerprint = derived[..SHA256.HashSizeInBytes];
        _sealingKey = derived[SHA256.HashSizeInBytes..];
    }

    public KeyScope Scope { get; }

    public Guid Id { get; }

    public byte[] Fingerprint { get; }

    /// <summary>From the key, where it holds, and the request: path and body in its one form.</summary>
    public static IdempotentRequest Of(string key, KeyScope scope, string path, byte[] body)
    {
        var id = new Guid(Digest(scope.TenantId.ToByteArray(), Utf8(scope.Subject), Utf8(scope.Client), Utf8(scope.Route), Utf8(key)).AsSpan(0, 16));
        var request = Digest(Utf8(scope.Route), Utf8(path), body);
        return new(scope, id, HKDF.DeriveKey(
            HashAlgorithmName.SHA256, [.. Utf8(key), .. request], 2 * SHA256.HashSizeInBytes, id.ToByteArray(), "platform idempotency key"u8.ToArray()));
    }

    /// <summary>Seals an answer for this request's row.</summary>
    public byte[] Seal(ReadOnlySpan<byte> answer)
    {
        var sealedAnswer = new byte[Overhead + answer.Length];
        sealedAnswer[0] = Version;
        var nonce = sealedAnswer.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_sealingKey, TagSize);
        cipher.Encrypt(nonce, answer, sealedAnswer.AsSpan(Overhead), sealedAnswer.AsSpan(1 + NonceSize, TagSize), Id.ToByteArray());
        return sealedAnswer;
    }

    /// <summary>Opens what <see cref="Seal"/> gave.</summary>
    /// <exception cref="CryptographicException">It is another request's or another row's, or was changed.</exception>
    public byte[] Open(byte[] sealedAnswer)
    {
        if (sealedAnswer is not [Version, ..] || sealedAnswer.Length < Overhead)
        {
            throw new CryptographicException("The stored answer has an unknown form.");
        }

        var answer = new byte[sealedAnswer.Length - Overhead];
        using var cipher = new AesGcm(_sealingKey, TagSize);
        cipher.Decrypt(
            sealedAnswer.AsSpan(1, NonceSize), sealedAnswer.AsSpan(Overhead), sealedAnswer.AsSpan(1 + NonceSize, TagSize), answer, Id.ToByteArray());
        return answer;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    // Each part with its length before it: no two lists of parts are the same octets.
    private static byte[] Digest(params ReadOnlySpan<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
            hash.AppendData(length);
            hash.AppendData(part);
        }

        return hash.GetHashAndReset();
    }
}
