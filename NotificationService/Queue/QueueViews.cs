using System.Linq.Expressions;

namespace NotificationService.Queue;

/// <summary>A notification as an administrator sees it.</summary>
internal sealed record QueuedNotification(
    Guid Id,
    Guid TenantId,
    Guid? UserId,
    string Kind,
    string Channel,
    string Recipient,
    NotificationStatus Status,
    int Attempts,
    int AttemptsAllowed,
    DateTimeOffset? NextAttemptAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SentAt,
    string? Reason)
{
    public static readonly Expression<Func<Notification, QueuedNotification>> From = row => new QueuedNotification(
        row.Id,
        row.TenantId,
        row.UserId,
        row.Kind,
        row.Channel,
        row.Recipient,
        row.Status,
        row.Attempts,
        row.AttemptsAllowed,
        row.Status == NotificationStatus.Pending || row.Status == NotificationStatus.Failed ? row.DueAt : null,
        row.CreatedAt,
        row.SentAt,
        row.Reason);

    public static readonly Func<Notification, QueuedNotification> Of = From.Compile();
}

/// <summary>A notification with every try to send it.</summary>
internal sealed record QueuedNotificationDetails(
    QueuedNotification Notification, IReadOnlyList<QueuedAttempt> AttemptLog);

/// <summary>One try.</summary>
internal sealed record QueuedAttempt(
    int Number, DateTimeOffset StartedAt, double DurationMs, string Outcome, int? Code, string? Reason);
