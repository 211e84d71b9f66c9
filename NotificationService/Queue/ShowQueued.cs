using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NotificationService.Data;

namespace NotificationService.Queue;

/// <summary>One notification of the queue with its attempts, oldest first.</summary>
internal static class ShowQueued
{
    public static async Task<Results<Ok<QueuedNotificationDetails>, ProblemHttpResult>> HandleAsync(
        Guid id, NotificationDbContext database, CancellationToken cancellationToken)
    {
        var row = await database.Notifications.AsNoTracking().FirstOrDefaultAsync(one => one.Id == id, cancellationToken);
        if (row is null)
        {
            return QueueProblems.Unknown();
        }

        var attempts = await database.Attempts
            .Where(attempt => attempt.NotificationId == id)
            .OrderBy(attempt => attempt.Number).ThenBy(attempt => attempt.StartedAt)
            .Select(attempt => new QueuedAttempt(
                attempt.Number, attempt.StartedAt, attempt.DurationMs, attempt.Outcome, attempt.Code, attempt.Reason))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new QueuedNotificationDetails(QueuedNotification.Of(row), attempts));
    }
}
