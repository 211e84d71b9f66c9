using System.ComponentModel.DataAnnotations;

namespace IdentityService.Accounts;

/// <summary>
/// What a password must be, after NIST SP 800-63B section 5.1.1.2: long enough, nothing an attacker tries first, nothing
/// taken from the account itself. No rules of composition. Used as typed, without normalisation.
/// </summary>
internal static class PasswordPolicy
{
    public const int Shortest = 12;

    /// <summary>Bounds the work of hashing; in characters.</summary>
    public const int Longest = 256;

    // A shorter name would be found in passwords by accident.
    private const int LeastTellingName = 4;

    /// <summary>Every rule the password breaks, joined; null when it breaks none.</summary>
    public static string? FaultOf(string password, string? userName, string? email)
    {
        List<string> faults = [];
        if (password.Length is < Shortest or > Longest)
        {
            faults.Add($"must have {Shortest} to {Longest} characters");
        }

        if (Contains(password, userName) || Contains(password, email) || Contains(password, LocalPart(email)))
        {
            faults.Add("must not contain the user name or the e-mail address");
        }

        if (PasswordBlocklist.Contains(password))
        {
            faults.Add("is among the passwords that are tried first; choose another");
        }

        return faults.Count == 0 ? null : string.Join("; ", faults);
    }

    private static bool Contains(string password, string? name) =>
        name is { Length: >= LeastTellingName } && password.Contains(name, StringComparison.OrdinalIgnoreCase);

    private static string? LocalPart(string? email) => email?.Split('@')[0];
}

/// <summary>A request that sets a password and names whose it is.</summary>
internal interface IAccountNames
{
    string? AccountName { get; }

    string? AccountEmail { get; }
}

/// <summary>Holds a password to <see cref="PasswordPolicy"/>, with the names from the request around it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AcceptablePasswordAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        var names = validationContext.ObjectInstance as IAccountNames;
        return value is string { Length: > 0 } password
            && PasswordPolicy.FaultOf(password, names?.AccountName, names?.AccountEmail) is { } fault
                ? new ValidationResult(fault, validationContext.MemberName is { } member ? [member] : null)
                : ValidationResult.Success;
    }
}
