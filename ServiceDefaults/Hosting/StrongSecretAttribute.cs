using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Hosting;

/// <summary>
/// A configured secret, or a list of them, that nobody can guess: at least 32 bytes in base64 or 32 characters, neither
/// one character over and over, nor a sequence, nor a repeated pattern, nor a placeholder that was left in place.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class StrongSecretAttribute : ValidationAttribute
{
    private const int LeastLength = 32;
    private const int LeastDistinct = 12;

    private const string Advice = "(openssl rand -base64 32)";

    private static readonly string[] Placeholders =
        ["changeme", "change-me", "change_me", "changethis", "password", "secret", "example", "placeholder", "default", "insecure", "replace"];

    /// <summary>What is wrong with a secret, without telling any of it; null when nothing is.</summary>
    public static string? FaultOf(string? secret)
    {
        if (string.IsNullOrWhiteSpace(secret))
        {
            return $"is missing; set 32 random bytes in base64 {Advice}";
        }

        if (Octets(secret) is null && secret.Length < LeastLength)
        {
            return $"is too short; it needs 32 bytes in base64 or 32 characters {Advice}";
        }

        return IsGuessable(secret) ? $"is guessable; set 32 random bytes in base64 {Advice}" : null;
    }

    /// <summary>The octets that a secret in base64 stands for; null when it is no base64 of 32 octets or more.</summary>
    public static byte[]? Octets(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var octets = new byte[secret.Length];
        return Convert.TryFromBase64String(secret, octets, out var length) && length >= LeastLength ? octets[..length] : null;
    }

    /// <inheritdoc />
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        ArgumentNullException.ThrowIfNull(validationContext);
        var fault = value is IEnumerable<string> many
            ? many.Select(FaultOf).FirstOrDefault(one => one is not null)
            : FaultOf(value as string);
        return fault is null ? ValidationResult.Success : new ValidationResult(fault, [validationContext.MemberName ?? ""]);
    }

    private static bool IsGuessable(string secret) =>
        secret.Distinct().Count() < LeastDistinct
        || Placeholders.Any(word => secret.Contains(word, StringComparison.OrdinalIgnoreCase))
        || IsSequence(secret)
        || IsRepetition(secret);

    // abcdef…, 0123…, and the same downwards: more than half of the steps are to a neighbour.
    private static bool IsSequence(string secret) =>
        secret.Zip(secret.Skip(1), static (one, next) => Math.Abs(one - next) == 1).Count(static step => step) > secret.Length / 2;

    private static bool IsRepetition(string secret) =>
        Enumerable.Range(1, secret.Length / 2).Any(period => secret.AsSpan(period).SequenceEqual(secret.AsSpan(0, secret.Length - period)));
}
