using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.AccountMail;

/// <summary>The token of a link that was mailed.</summary>
public sealed record VerifyEmailRequest
{
    [Required(ErrorMessage = "is required")]
    public string? Token { get; init; }
}

/// <summary>Proves an address.</summary>
internal static class VerifyEmail
{
    public static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        VerifyEmailRequest request, EmailVerification verification, CancellationToken cancellationToken) =>
        await verification.ApplyAsync(request.Token, cancellationToken) switch
        {
            EmailVerificationResult.Verified => TypedResults.NoContent(),
            EmailVerificationResult.Taken => AccountProblems.AddressTaken(),
            _ => AccountMailProblems.InvalidToken(),
        };
}

/// <summary>Expected failures.</summary>
internal static class AccountMailProblems
{
    /// <summary>One answer for a token that is unknown, expired, used, or no longer the latest.</summary>
    public static ProblemHttpResult InvalidToken() =>
        Problem.Of(400, "invalid_link", "The link is not valid or has been used. Ask for a new one.");
}
