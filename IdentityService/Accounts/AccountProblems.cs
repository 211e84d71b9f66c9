using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.Accounts;

/// <summary>The expected failures of accounts and sign-in.</summary>
internal static class AccountProblems
{
    /// <summary>One answer for an unknown name, a wrong password and a disabled account, so that it tells nothing.</summary>
    public static ProblemHttpResult InvalidCredentials() =>
        Problem.Of(401, "invalid_credentials", "The user name or the password is not right.");

    /// <summary>The same for names that exist and names that don't.</summary>
    public static ProblemHttpResult TooManyFailures(TimeSpan retryAfter) =>
        Problem.RetryLater(429, "too_many_failures", "Too many failed attempts for this name. Try again later.", retryAfter);

    /// <summary>Told only to those who know the password.</summary>
    public static ProblemHttpResult PasswordResetRequired() => Problem.Of(
        403, "password_reset_required", "This password can no longer be used. A link to set a new one has been sent to the account's e-mail address.");

    /// <summary>Told only to those who know the password.</summary>
    public static ProblemHttpResult EmailNotVerified() =>
        Problem.Of(403, "email_not_verified", "Confirm the account's e-mail address first, by the link that was sent there.");

    public static ProblemHttpResult TooManyMails(TimeSpan retryAfter) =>
        Problem.RetryLater(429, "too_many_mails", "Too many mails were asked for. Try again later.", retryAfter);

    public static ProblemHttpResult CurrentPasswordWrong() =>
        Problem.Of(400, "current_password_wrong", "The current password is not right.");

    public static ProblemHttpResult ChangedMeanwhile() =>
        Problem.Of(409, ProblemCodes.Conflict, "The account was changed at the same time. Try again.");

    /// <summary>Also by an account of another tenant, or one that was deleted.</summary>
    public static ProblemHttpResult NameTaken() => Taken("username", "user_name_taken", "The user name is taken.");

    /// <summary>Told only to those who read the mail of that address.</summary>
    public static ProblemHttpResult AddressTaken() => Taken("email", "email_taken", "Another account has this e-mail address.");

    public static ProblemHttpResult PreconditionRequired() => Problem.Of(
        428, ProblemCodes.PreconditionRequired, "Send If-Match with the ETag of the version you have read.");

    public static ProblemHttpResult PreconditionFailed() => Problem.Of(
        412, ProblemCodes.PreconditionFailed, "The account has changed since you read it. Read it again.");

    private static ProblemHttpResult Taken(string field, string code, string text) =>
        Problem.Of(409, code, text, [new("errors", new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [code] })]);
}
