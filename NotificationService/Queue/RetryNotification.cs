using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NotificationService.Data;
using NotificationService.Delivery;
using ServiceDefaults.Authentication;
using ServiceDefaults.Messaging;

namespace NotificationService.Queue;

/// <summary>Sends a notification again that was given up, stopped, or waits for a later attempt.</summary>
internal static class RetryNotification
{
    public static async Task<Results<Ok<QueuedNotification>, ProblemHttpResult>> HandleAsync(
        Guid id,
        NotificationDbContext database,
        Caller caller,
        IOptions<DeliveryOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (await database.Notifications.FirstOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } notification)
        {
            return QueueProblems.Unknown();
        }

        if (!notification.CanRetry)
        {
            return QueueProblems.NotRetryable(notification.Status);
        }

        var before = notification.Status;
        notification.Retry(options.Value.MostAttempts, time.GetUtcNow());
        database.AddEvent(QueueAudit.Retried(caller, notification, before), notification.Id);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return QueueProblems.Changed();
        }

        return TypedResults.Ok(QueuedNotification.Of(notification));
    }
}
