using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using IdentityService.Names;

namespace IdentityService.Accounts;

/// <summary>A user name, held to <see cref="NameRules"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UserNameFormatAttribute() : ValidationAttribute(
    "must be 3 to 64 letters or digits of one script, '.', '-' or '_', with a letter or digit first and last")
{
    public override bool IsValid(object? value) => value is null or "" || (value is string text && UserNames.Read(text) is not null);
}

/// <summary>
/// An e-mail address as a mail server takes it (RFC 5321 section 4.1.2): dot-atom of at most 64 characters, at sign, host
/// name of two labels or more; 254 characters at most. Internationalised domains in their ASCII form.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed partial class EmailFormatAttribute() : ValidationAttribute("must be an e-mail address of at most 254 characters")
{
    private const int LongestLocalPart = 64;

    public override bool IsValid(object? value) => value is null or ""
        || (value is string { Length: <= LoginName.Longest } text
            && text.LastIndexOf('@') <= LongestLocalPart
            && Format().IsMatch(text));

    // The last label begins with a letter: an address of digits is no host name.
    [GeneratedRegex(
        @"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z",
        RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Format();
}

/// <summary>A text without control characters, to be shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PlainTextAttribute() : ValidationAttribute("must not contain control characters")
{
    public override bool IsValid(object? value) => value is null || (value is string text && !text.Any(char.IsControl));
}
