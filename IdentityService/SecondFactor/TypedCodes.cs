using System.ComponentModel.DataAnnotations;

namespace IdentityService.SecondFactor;

/// <summary>What requests with a code have in common.</summary>
internal static class TypedCodes
{
    /// <summary>Exactly one of the two; the fault names the first field.</summary>
    public static IEnumerable<ValidationResult> FaultOf(string? code, string? recoveryCode, string field)
    {
        if (string.IsNullOrEmpty(code) == string.IsNullOrEmpty(recoveryCode))
        {
            yield return new ValidationResult("send either a code or a recovery code", [field]);
        }
    }
}
