using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.Sessions;

/// <summary>The expected failures of sessions.</summary>
internal static class SessionProblems
{
    public static ProblemHttpResult RefreshTokenMissing() =>
        Problem.Validation(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["refresh_token"] = ["is required"] });

    public static ProblemHttpResult InvalidRefreshToken() =>
        Problem.Of(401, "invalid_refresh_token", "The refresh token is not valid. Sign in again.");
}
