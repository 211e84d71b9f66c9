using System.ComponentModel.DataAnnotations;
using ServiceDefaults.Hosting;

namespace IdentityService.Keys;

/// <summary>Section <c>Keys</c>.</summary>
internal sealed class KeyOptions : IValidatableObject
{
    /// <summary>
    /// What protects signing keys in the database: at least 32 bytes in base64, or a text of at least 32 characters.
    /// Whoever has it and the database can sign tokens.
    /// </summary>
    [StrongSecret]
    public string EncryptionKey { get; init; } = "";

    /// <summary>
    /// Others that stored secrets may be under: read with, never written with. For a change, the new key is first rolled
    /// out here, then the two change places, then <c>secrets rotate</c> is run, then the old one is left out.
    /// </summary>
    [StrongSecret]
    public string[] FormerEncryptionKeys { get; init; } = [];

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
        if (PublishAhead >= RotateEvery)
        {
            yield return new ValidationResult("must be shorter than RotateEvery", [nameof(PublishAhead)]);
        }
    }

    /// <summary>The configured keys' octets, the current one first.</summary>
    internal IEnumerable<byte[]> KeyMaterials() => FormerEncryptionKeys
        .Prepend(EncryptionKey)
        .Select(static key => StrongSecretAttribute.Octets(key) ?? System.Text.Encoding.UTF8.GetBytes(key));
}
