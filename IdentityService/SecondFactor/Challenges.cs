using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityService.Data;
using IdentityService.Keys;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.SecondFactor;

/// <summary>What is remembered between two steps of a sign-in or of a registration.</summary>
/// <param name="Use">Which steps: one challenge is never good for another use.</param>
/// <param name="ExpiresAt">UTC.</param>
/// <param name="Nonce">Makes each one different.</param>
internal sealed record Challenge(string Use, DateTimeOffset ExpiresAt, string Nonce)
{
    /// <summary>Who got past the first step; null when that is still open.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The user's epoch then: "log out everywhere" ends what is under way, too.</summary>
    public long Epoch { get; init; }

    /// <summary>The session that asked for it.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>The browser that asked for it; null for a program.</summary>
    public string? Browser { get; init; }

    /// <summary>What the step after needs.</summary>
    public string? State { get; init; }
}

/// <summary>A challenge that has been used up.</summary>
internal sealed class UsedChallenge
{
    /// <summary>SHA-256 of its nonce.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>UTC; from then on it would be refused anyway.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>
/// Challenges are held by the client, under an HMAC with a key of this service: whoever asks for many costs no storage, and
/// any replica can go on. That one is used once is the database's to say, at the end.
/// </summary>
internal sealed class Challenges(IdentityDb database, KeyEncryption keys, TimeProvider time)
{
    /// <summary>Signs one.</summary>
    public string Seal(Challenge challenge)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(challenge);
        return $"{Base64Url.EncodeToString(content)}.{Base64Url.EncodeToString(HMACSHA256.HashData(keys.Challenges.First(), content))}";
    }

    /// <summary>A new one of this use.</summary>
    public Challenge New(string use, TimeSpan life) =>
        new(use, time.GetUtcNow() + life, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)));

    /// <summary>Reads one of ours, of this use and in its time; null for any other text.</summary>
    public Challenge? Open(string use, string? text)
    {
        if (text?.Split('.') is not [var content, var tag] || !Base64Url.IsValid(content) || !Base64Url.IsValid(tag))
        {
            return null;
        }

        // Also one that was given before the encryption key was changed: the sign-in that it belongs to goes on.
        var (octets, sealedWith) = (Base64Url.DecodeFromChars(content), Base64Url.DecodeFromChars(tag));
        return keys.Challenges.Any(key => CryptographicOperations.FixedTimeEquals(sealedWith, HMACSHA256.HashData(key, octets)))
            && JsonSerializer.Deserialize<Challenge>(octets) is { } challenge && challenge.Use == use && time.GetUtcNow() < challenge.ExpiresAt
                ? challenge
                : null;
    }

    /// <summary>Uses it up with the next save, which fails when it has been used before: see <see cref="IsUsed"/>.</summary>
    public void Use(Challenge challenge) => database.UsedChallenges.Add(new UsedChallenge
    {
        // Of what it says, not of its text: base64url may spell the same octets in two ways.
        Hash = SHA256.HashData(Encoding.UTF8.GetBytes(challenge.Nonce)),
        ExpiresAt = challenge.ExpiresAt.ToUniversalTime(),
    });

    /// <summary>Whether a save failed for that.</summary>
    public static bool IsUsed(DbUpdateException fault) => UniqueViolation.Of(fault, SecondFactorMapping.UsedChallengeKey);
}
