using System.ComponentModel.DataAnnotations;

namespace IdentityService.Keys;

/// <summary>Section <c>Keys</c>.</summary>
internal sealed class KeyOptions : IValidatableObject
{
    private const int LeastLength = 32;
    private const int LeastDistinct = 12;

    private static readonly string[] Placeholders = ["changeme", "change-me", "password", "secret", "example", "placeholder"];

    /// <summary>
    /// What protects signing keys in the database: at least 32 bytes in base64, or a text of at least 32 characters.
    /// Whoever has it and the database can sign tokens.
    /// </summary>
    public string EncryptionKey { get; init; } = "";

    /// <summary>
    /// What access tokens are signed with, <c>ES256</c> or <c>RS256</c>: the platform's own services verify both
    /// (docs/decisions/0015).
    /// </summary>
    [AllowedValues(SigningAlgorithms.Es256, SigningAlgorithms.Rs256, ErrorMessage = "must be ES256 or RS256")]
    public string Algorithm { get; init; } = SigningAlgorithms.Rs256;

    /// <summary>
    /// What ID tokens and logout tokens are signed with: <c>RS256</c>, which every relying party knows (OpenID Connect
    /// Core 1.0 section 15.1), or <c>ES256</c>.
    /// </summary>
    [AllowedValues(SigningAlgorithms.Es256, SigningAlgorithms.Rs256, ErrorMessage = "must be ES256 or RS256")]
    public string IdTokenAlgorithm { get; init; } = SigningAlgorithms.Rs256;

    /// <summary>Those in use.</summary>
    public IEnumerable<string> Algorithms => Algorithm == IdTokenAlgorithm ? [Algorithm] : [Algorithm, IdTokenAlgorithm];

    /// <summary>How long a key signs before the next one takes over.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan RotateEvery { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long a key is published before it signs: longer than anyone keeps a copy of the key set.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "30.00:00:00")]
    public TimeSpan PublishAhead { get; init; } = TimeSpan.FromDays(1);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FaultOf(EncryptionKey) is { } fault)
        {
            yield return new ValidationResult(fault, [nameof(EncryptionKey)]);
        }

        if (PublishAhead >= RotateEvery)
        {
            yield return new ValidationResult("must be shorter than RotateEvery", [nameof(PublishAhead)]);
        }
    }

    /// <summary>The configured key's octets.</summary>
    internal byte[] KeyMaterial() => Decode(EncryptionKey) ?? System.Text.Encoding.UTF8.GetBytes(EncryptionKey);

    /// <summary>What is wrong with a secret of the configuration; null when nothing is.</summary>
    internal static string? FaultOf(string key)
    {
        if (string.IsNullOrWhiteSpace(key))
        {
            return "is missing; set 32 random bytes in base64 (openssl rand -base64 32)";
        }

        if (Decode(key) is null && key.Length < LeastLength)
        {
            return "is too short; it needs 32 bytes in base64 or 32 characters (openssl rand -base64 32)";
        }

        return key.Distinct().Count() < LeastDistinct || Placeholders.Any(word => key.Contains(word, StringComparison.OrdinalIgnoreCase))
            ? "is guessable; set 32 random bytes in base64 (openssl rand -base64 32)"
            : null;
    }

    private static byte[]? Decode(string key)
    {
        var octets = new byte[key.Length];
        return Convert.TryFromBase64String(key, octets, out var length) && length >= LeastLength ? octets[..length] : null;
    }
}
