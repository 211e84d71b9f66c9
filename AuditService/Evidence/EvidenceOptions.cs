using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;

namespace AuditService.Evidence;

/// <summary>Section <c>Evidence</c>.</summary>
internal sealed class EvidenceOptions : IValidatableObject
{
    public const string Section = "Evidence";

    private const int LeastLength = 32;
    private const int LeastDistinct = 12;

    /// <summary>
    /// Folder outside the database that signed checkpoints are appended to. Whoever can change the database should not be
    /// able to write here.
    /// </summary>
    [Required]
    public string CheckpointFolder { get; init; } = "";

    /// <summary>Name of the log in its checkpoints and of its key. A log that begins anew needs another.</summary>
    [RegularExpression(@"^[a-z0-9][a-z0-9./-]{0,99}$", ErrorMessage = "must be lower case letters, digits, dots, slashes and dashes")]
    public string Origin { get; init; } = "platform/audit";

    /// <summary>Protects a generated signing key in the database; at least 32 characters.</summary>
    public string? EncryptionKey { get; init; }

    /// <summary>The signing key itself, ECDSA on P-256 as PKCS #8 in base64; in place of a generated one.</summary>
    public string? SigningKey { get; init; }

    /// <summary>Longest time a committed record waits for its checkpoint.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Records after which a checkpoint is due before its time.</summary>
    [Range(1, 1_000_000)]
    public int CheckpointRecords { get; init; } = 1000;

    /// <summary>Time between two checks of a part of the log.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan CheckEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Leaves of that part, and of the newest part that is checked with it.</summary>
    [Range(1000, 1_000_000)]
    public int CheckRecords { get; init; } = 20_000;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SigningKey is null && (EncryptionKey is null || EncryptionKey.Length < LeastLength || EncryptionKey.Distinct().Count() < LeastDistinct))
        {
            yield return new ValidationResult(
                "is missing or too short; set 32 random bytes in base64 (openssl rand -base64 32), or set SigningKey", [nameof(EncryptionKey)]);
        }

        if (SigningKey is not null && !IsSigningKey(SigningKey))
        {
            yield return new ValidationResult("must be an ECDSA key on P-256, PKCS #8 in base64", [nameof(SigningKey)]);
        }
    }

    /// <summary>Key that encrypts the signing key at rest, by HKDF-SHA256 (RFC 5869).</summary>
    internal byte[] StorageKey() => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(EncryptionKey ?? ""), 32, info: "platform audit signing key at rest"u8.ToArray());

    private static bool IsSigningKey(string key)
    {
        try
        {
            using var read = ECDsa.Create();
            read.ImportPkcs8PrivateKey(Convert.FromBase64String(key), out _);
            return read.KeySize == 256;
        }
        catch (Exception fault) when (fault is FormatException or CryptographicException)
        {
            return false;
        }
    }
}
