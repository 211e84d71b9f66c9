using System.ComponentModel.DataAnnotations;

namespace DeviceService.Devices;

/// <summary>Longest texts, in characters; columns and requests share them.</summary>
internal static class DeviceLimits
{
    public const int Name = 100;
    public const int Group = 64;
    public const int Profile = 64;
    public const int Attributes = 32;
    public const int AttributeName = 64;
    public const int AttributeValue = 256;
    public const int ReportedStatus = 64;
    public const int ReportedVersion = 64;

    /// <summary>SHA-256 in base64url.</summary>
    public const int Thumbprint = 43;
}

/// <summary>A text to show: not blank, and free of control characters, which break logs and which PostgreSQL may not store.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class PlainTextAttribute(int longest)
    : ValidationAttribute($"Must have 1 to {longest} characters, none of them a control character, and not be blank.")
{
    public override bool IsValid(object? value) => value is null || (value is string text && IsPlain(text, longest));

    public static bool IsPlain(string text, int longest) =>
        text.Length <= longest && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl);
}

/// <summary>A name that appears in addresses and filters: a group, a profile, an attribute's name.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class LabelAttribute(int longest)
    : ValidationAttribute($"Must have 1 to {longest} letters, digits, dots, hyphens or underscores, beginning with a letter or digit.")
{
    public override bool IsValid(object? value) => value is null || (value is string text && IsLabel(text, longest));

    public static bool IsLabel(string text, int longest) =>
        text.Length > 0 && text.Length <= longest && char.IsAsciiLetterOrDigit(text[0])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');
}

/// <summary>Free facts about a device, within bounds.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AttributeMapAttribute() : ValidationAttribute(
    $"Must have at most {DeviceLimits.Attributes} entries: names as labels of at most {DeviceLimits.AttributeName} characters, plain values of at most {DeviceLimits.AttributeValue}.")
{
    public override bool IsValid(object? value) =>
        value is null
        || (value is Dictionary<string, string> { Count: <= DeviceLimits.Attributes } map
            && map.All(entry => LabelAttribute.IsLabel(entry.Key, DeviceLimits.AttributeName)
                && PlainTextAttribute.IsPlain(entry.Value, DeviceLimits.AttributeValue)));
}
