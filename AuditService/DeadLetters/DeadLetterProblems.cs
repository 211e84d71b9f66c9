using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace AuditService.DeadLetters;

/// <summary>The expected failures of replaying and discarding.</summary>
internal static class DeadLetterProblems
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    public static ProblemHttpResult NotFound() => Problem.NotFound("There is no such dead letter.");

    public static ProblemHttpResult Decided(DeadLetter letter) => Problem.Of(
        409, "dead_letter_decided", $"The dead letter was {letter.State} already.", [new("state", letter.State)]);

    /// <summary>By a code of <see cref="ReplayRefusals"/>.</summary>
    public static ProblemHttpResult Refused(string code) => code switch
    {
        ReplayRefusals.TooOld => Problem.Of(409, code, "The event is older than inboxes remember what they have handled; it could be applied twice. Discard it."),
        ReplayRefusals.QueueGone => Problem.Of(409, code, "The queue it came from is no longer there."),
        ReplayRefusals.QueueRefuses => Problem.RetryLater(503, code, "The queue it came from does not take it now.", Soon),
        _ => Problem.RetryLater(503, code, "The broker did not confirm it. It may have arrived; to replay it again does no harm.", Soon),
    };
}
