using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace NotificationService.Queue;

/// <summary>Expected failures of the queue.</summary>
internal static class QueueProblems
{
    public static ProblemHttpResult Unknown() => Problem.NotFound("There is no such notification.");

    public static ProblemHttpResult NotRetryable(NotificationStatus status) => Problem.Of(
        StatusCodes.Status409Conflict,
        "notification_not_retryable",
        $"Only a notification that is dead, failed or cancelled can be sent again; this one is {status.Text()}.");

    public static ProblemHttpResult NotCancellable(NotificationStatus status) => Problem.Of(
        StatusCodes.Status409Conflict,
        "notification_not_cancellable",
        $"Only a notification that waits for an attempt can be cancelled; this one is {status.Text()}.");

    public static ProblemHttpResult Changed() => Problem.Of(
        StatusCodes.Status409Conflict,
        "notification_changed",
        "The notification changed at the same moment. Look at it again.");
}
