using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.AccountMail;

/// <summary>The token of a link that was mailed, and the password to be.</summary>
public sealed record ResetPasswordRequest
{
    [Required(ErrorMessage = "is required")]
    public string? Token { get; init; }

    [Required(ErrorMessage = "is required"), AcceptablePassword]
    public string? NewPassword { get; init; }

    /// <summary>Whether the account's API keys end, too: for an owner who fears that somebody else got in.</summary>
    public bool RevokeApiKeys { get; init; }
}

/// <summary>Sets a new password; every session ends.</summary>
internal static class ResetPassword
{
    public static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        ResetPasswordRequest request, PasswordReset reset, CancellationToken cancellationToken) =>
        await reset.ApplyAsync(request.Token, request.NewPassword!, request.RevokeApiKeys, cancellationToken) switch
        {
            { Done: true } => TypedResults.NoContent(),
            { Fault: { } fault } => Problem.Validation(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["newPassword"] = [fault] }),
            _ => AccountMailProblems.InvalidToken(),
        };
}
