using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.Passkeys;

/// <summary>The expected failures of passkeys.</summary>
internal static class PasskeyProblems
{
    /// <summary>At sign-in; one answer for whatever is wrong.</summary>
    public static ProblemHttpResult SignInRefused() => Problem.Of(401, "invalid_passkey", Detail);

    /// <summary>Within a session.</summary>
    public static ProblemHttpResult Refused() => Problem.Of(400, "invalid_passkey", Detail);

    public static ProblemHttpResult TooMany() =>
        Problem.Of(409, "too_many_passkeys", $"There are {PasskeyList.Most} passkeys already. Remove one first.");

    private const string Detail = "The passkey is not valid here, or the challenge has expired or was used. Begin again.";
}
