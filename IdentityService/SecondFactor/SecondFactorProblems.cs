using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.SecondFactor;

/// <summary>The expected failures of second factors.</summary>
internal static class SecondFactorProblems
{
    /// <summary>
    /// The password was right and does not suffice. 403, since the credentials were understood and others of the same kind
    /// would not help; the members are named as in token answers.
    /// </summary>
    public static ProblemHttpResult Required(string challenge, TimeSpan life) => Problem.Of(
        403,
        "mfa_required",
        "The password is right. Send a code of your authenticator or a recovery code with the challenge token.",
        [
            new("challenge_token", challenge),
            new("expires_in", (int)life.TotalSeconds),
            new("methods", new[] { "totp", "recovery_code" }),
        ]);

    /// <summary>One answer for a forged, an expired and a used one.</summary>
    public static ProblemHttpResult InvalidChallenge() =>
        Problem.Of(401, "invalid_challenge", "The challenge has expired or was used. Start again.");

    /// <summary>At sign-in; one answer for whatever is wrong with the code.</summary>
    public static ProblemHttpResult CodeRefused() => Problem.Of(401, "invalid_code", CodeDetail);

    /// <summary>Within a session.</summary>
    public static ProblemHttpResult InvalidCode() => Problem.Of(400, "invalid_code", CodeDetail);

    public static ProblemHttpResult TooManyCodes(TimeSpan retryAfter) =>
        Problem.RetryLater(429, "too_many_failures", "Too many wrong codes. Try again later.", retryAfter);

    public static ProblemHttpResult AlreadyEnabled() =>
        Problem.Of(409, "already_enabled", "A second factor is set up. Disable it first to set up another one.");

    public static ProblemHttpResult NotEnabled() => Problem.Of(409, "not_enabled", "No second factor is set up.");

    public static ProblemHttpResult NothingToConfirm() =>
        Problem.Of(409, "nothing_to_confirm", "The set-up was not begun, or too long ago. Begin it again.");

    /// <summary>RFC 9470 section 3 as a problem; the header says how to get further.</summary>
    public static ProblemHttpResult InsufficientAuthentication() => Problem.Of(
        401,
        "insufficient_user_authentication",
        "This needs proof that it is you, given a short time ago. Step up, and ask again.");

    /// <summary>An application must not ask for a user's password or code.</summary>
    public static ProblemHttpResult ByAuthorizationOnly() => Problem.Of(
        403,
        "use_authorization_request",
        "An application steps up by an authorization request with acr_values or max_age.");

    public static ProblemHttpResult SecondFactorNeeded() =>
        Problem.Of(400, "second_factor_needed", "The account has a second factor; the password alone does not step up.");

    private const string CodeDetail = "The code is not right, or it was used before.";
}
