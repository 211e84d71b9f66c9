using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.AccountMail;

/// <summary>The address of an account, if it is one.</summary>
public sealed record RequestMailRequest
{
    [Required(ErrorMessage = "is required"), EmailFormat]
    public string? Email { get; init; }
}

/// <summary>
/// Notes that a mail is wished for. The answer is 202 for every address, and so is the work: whether an account has the
/// address is not looked at here.
/// </summary>
internal static class RequestMail
{
    public static Task<Accepted> ResendVerificationAsync(
        RequestMailRequest request, MailQuotas quotas, MailRequestSignal signal, CancellationToken cancellationToken) =>
        NoteAsync(MailRequestKind.Verification, request.Email!, quotas, signal, cancellationToken);

    public static Task<Accepted> ForgotPasswordAsync(
        RequestMailRequest request, MailQuotas quotas, MailRequestSignal signal, CancellationToken cancellationToken) =>
        NoteAsync(MailRequestKind.PasswordReset, request.Email!, quotas, signal, cancellationToken);

    private static async Task<Accepted> NoteAsync(
        MailRequestKind kind, string email, MailQuotas quotas, MailRequestSignal signal, CancellationToken cancellationToken)
    {
        await quotas.NoteAsync(kind, LoginName.Normalize(email), cancellationToken);
        signal.Set();
        return TypedResults.Accepted((string?)null);
    }
}
