using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace DeviceService.Enrollment;

internal static class EnrollmentProblems
{
    /// <summary>One answer for a token that is unknown, expired, used up or revoked: which of them is nobody's business.</summary>
    public static ProblemHttpResult InvalidToken() => Problem.Of(
        StatusCodes.Status403Forbidden, "invalid_enrollment_token", "The enrolment token is not valid.");

    public static ProblemHttpResult UnknownProfile() => Problem.Of(
        StatusCodes.Status400BadRequest, "unknown_profile", "There is no connectivity profile of that name.");

    public static ProblemHttpResult TokenNotFound() => Problem.NotFound("There is no such enrolment token.");
}
