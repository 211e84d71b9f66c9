using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace ServiceDefaults.Idempotency;

/// <summary>Refusals of a key, with the statuses of the draft.</summary>
internal static class IdempotencyProblems
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public static ProblemHttpResult Malformed() => Problem.Of(
        StatusCodes.Status400BadRequest,
        "idempotency_key_malformed",
        $"Send one {IdempotencyKey.Header} of 1 to {IdempotencyKey.Longest} visible ASCII characters, best a UUID in quotes.");

    public static ProblemHttpResult Reused() => Problem.Of(
        StatusCodes.Status422UnprocessableEntity,
        "idempotency_key_reused",
        $"The {IdempotencyKey.Header} was used for another request. Send a new key with a new request.");

    public static ProblemHttpResult InUse() => Problem.RetryLater(
        StatusCodes.Status409Conflict,
        "idempotency_key_in_use",
        $"A request with this {IdempotencyKey.Header} is still under way. Send the same again later.",
        Soon);

    public static ProblemHttpResult AnswerLost() => Problem.Of(
        StatusCodes.Status409Conflict,
        "idempotency_answer_lost",
        "This request was done before, but its answer can't be read any more. Look up what it created; nothing was done now.");
}
