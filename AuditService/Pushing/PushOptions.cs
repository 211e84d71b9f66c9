using System.ComponentModel.DataAnnotations;
using AuditService.Exporting;

namespace AuditService.Pushing;

/// <summary>Section <c>Push</c>. Without an address nothing is pushed.</summary>
internal sealed class PushOptions : IValidatableObject
{
    public const string Section = "Push";

    /// <summary>
    /// Where batches are posted to: https, or http on this machine. From the configuration alone, never from a request, and
    /// redirects are not followed: nobody can point it elsewhere.
    /// </summary>
    public Uri? Address { get; init; }

    /// <summary>The whole <c>Authorization</c> header, for example <c>Bearer …</c>. A secret.</summary>
    public string? Authorization { get; init; }

    /// <summary><c>ndjson</c> or <c>ocsf</c>.</summary>
    [AllowedValues(RecordStream.Ndjson, RecordStream.Ocsf, ErrorMessage = "must be ndjson or ocsf")]
    public string Format { get; init; } = RecordStream.Ndjson;

    /// <summary>Names the cursor; with another name the whole log is pushed anew.</summary>
    [RegularExpression("^[a-z0-9-]{1,50}$", ErrorMessage = "must be lower case letters, digits and dashes")]
    public string Name { get; init; } = "siem";

    /// <summary>Most records of a batch.</summary>
    [Range(1, 5000)]
    public int Batch { get; init; } = 500;

    /// <summary>Bytes after which a batch ends, with the record that passes them.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int BatchBytes { get; init; } = 1024 * 1024;

    /// <summary>Time between two looks for new records, and for the lead among replicas.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause after a batch that was not taken; it doubles, half of it random.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    [Range(typeof(TimeSpan), "00:00:00.050", "1.00:00:00")]
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a record may wait before the service counts as degraded.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "7.00:00:00")]
    public TimeSpan DegradedAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is { } address && (!address.IsAbsoluteUri || !IsSafe(address) || address.UserInfo.Length > 0 || address.Fragment.Length > 0))
        {
            yield return new ValidationResult(
                "must be https, or http on this machine, without credentials and fragment; set credentials as Authorization", [nameof(Address)]);
        }

        if (Authorization is { } secret && (secret.Length == 0 || secret.Any(letter => letter is < ' ' or > '~')))
        {
            yield return new ValidationResult("must be the value of one header, in ASCII", [nameof(Authorization)]);
        }
    }

    private static bool IsSafe(Uri address) => address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);
}
