using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NotificationService.Data;
using ServiceDefaults.Authentication;
using ServiceDefaults.Messaging;

namespace NotificationService.Queue;

/// <summary>Stops a notification that waits for an attempt.</summary>
internal static class CancelNotification
{
    public static async Task<Results<Ok<QueuedNotification>, ProblemHttpResult>> HandleAsync(
        Guid id, NotificationDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        if (await database.Notifications.FirstOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } notification)
        {
            return QueueProblems.Unknown();
        }

        if (!notification.CanCancel)
        {
            return QueueProblems.NotCancellable(notification.Status);
        }

        var before = notification.Status;
        notification.Cancel();
        database.AddEvent(QueueAudit.Cancelled(caller, notification, before), notification.Id);
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
