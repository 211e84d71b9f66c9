using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace IdentityService.AccountMail;

/// <summary>What the token of a link lets its holder do.</summary>
internal enum AccountLinkPurpose
{
    /// <summary>Set a new password.</summary>
    Password,

    /// <summary>Prove that the account's mail at an address is read by its owner.</summary>
    Email,
}

/// <summary>
/// The link that an account has been mailed. One for each purpose: the next one takes its place. Of the token, 32 random
/// bytes, only the hash is kept.
/// </summary>
internal sealed class AccountLink
{
    public Guid UserId { get; init; }

    public AccountLinkPurpose Purpose { get; init; }

    /// <summary>SHA-256 of the token.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>Where it was sent.</summary>
    public string Email { get; init; } = "";

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The text of a token: 32 bytes in base64url.</summary>
internal static class AccountToken
{
    public const int Length = 43;

    private const int Size = 32;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));

    /// <summary>The hash of a token; false for a text that is none.</summary>
    public static bool TryHash([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? hash)
    {
        Span<byte> token = stackalloc byte[Size];
        hash = text is { Length: Length }
            && Base64Url.DecodeFromChars(text, token, out _, out var written) == System.Buffers.OperationStatus.Done && written == Size
                ? SHA256.HashData(token)
                : null;
        return hash is not null;
    }
}
