using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using IdentityService.Keys;

namespace IdentityService.Sessions;

/// <summary>
/// Refresh tokens as clients hold them: 32 bytes in base64url. A successor is an HMAC over its parent with a key of this
/// service, so the parent's second use within the grace gives the very same one although only hashes are stored: nobody
/// can compute it without the parent itself and the key, and there are never two.
/// </summary>
internal sealed class RefreshTokenFormat(KeyEncryption keys)
{
    private const int Size = 32;

    /// <summary>Length of the text.</summary>
    public const int Length = 43;

    /// <summary>A session's first token.</summary>
    public static byte[] Random() => RandomNumberGenerator.GetBytes(Size);

    /// <summary>What clients get.</summary>
    public static string Write(byte[] token) => Base64Url.EncodeToString(token);

    /// <summary>What the database gets.</summary>
    public static byte[] Hash(byte[] token) => SHA256.HashData(token);

    /// <summary>Reads what <see cref="Write"/> gave; false for anything else.</summary>
    public static bool TryRead([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? token)
    {
        token = new byte[Size];
        return text is { Length: Length }
            && Base64Url.DecodeFromChars(text, token, out _, out var written) == OperationStatus.Done && written == Size
            && Write(token) == text;
    }

    /// <summary>The one successor of a token, first; behind it those that it would have had under former encryption keys.</summary>
    /// <param name="parent">The token.</param>
    /// <param name="parentId">Its row's id.</param>
    public IEnumerable<byte[]> SuccessorsOf(byte[] parent, Guid parentId) =>
        keys.RefreshSuccession.Select(key => SuccessorOf(key, parent, parentId));

    private static byte[] SuccessorOf(byte[] key, byte[] parent, Guid parentId)
    {
        Span<byte> input = stackalloc byte[Size + 16];
        parent.CopyTo(input);
        parentId.TryWriteBytes(input[Size..], bigEndian: true, out _);
        return HMACSHA256.HashData(key, input);
    }
}
