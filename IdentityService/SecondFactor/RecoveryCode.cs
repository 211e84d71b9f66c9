using System.Security.Cryptography;
using System.Text;

namespace IdentityService.SecondFactor;

/// <summary>
/// One of the codes by which a user gets in without the authenticator, once. Sixteen letters of base32 are 80 random bits,
/// which nobody finds from a hash; so SHA-256 with the user's id is enough, and no key's loss or change makes them useless.
/// </summary>
internal sealed class RecoveryCode
{
    /// <summary>How many a user gets.</summary>
    public const int Count = 10;

    private const int Bytes = 10;
    private const int Group = 4;

    public Guid UserId { get; init; }

    public byte[] Hash { get; init; } = [];

    /// <summary>UTC; null while it can be used.</summary>
    public DateTimeOffset? UsedAt { get; init; }

    /// <summary>New codes, as the user sees them this once.</summary>
    public static string[] NewTexts() =>
        [.. Enumerable.Range(0, Count).Select(_ => string.Join('-', Base32.Encode(RandomNumberGenerator.GetBytes(Bytes)).ToLowerInvariant().Chunk(Group).Select(part => new string(part))))];

    public static RecoveryCode Of(Guid userId, string text) => new() { UserId = userId, Hash = HashOf(userId, text)! };

    /// <summary>What the database knows of a code, however it was typed; null for what can't be one.</summary>
    public static byte[]? HashOf(Guid userId, string text)
    {
        string letters = string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        return letters.Length == Bytes * 8 / 5 ? SHA256.HashData([.. userId.ToByteArray(), .. Encoding.ASCII.GetBytes(letters)]) : null;
    }
}
