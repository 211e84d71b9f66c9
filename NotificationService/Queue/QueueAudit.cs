using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace NotificationService.Queue;

/// <summary>What the audit log is told about the queue. Addresses stay out of it: the id leads to them.</summary>
internal static class QueueAudit
{
    public static AuditRecorded Retried(Caller caller, Notification notification, NotificationStatus before) =>
        ByHand("notification.retried", caller, notification, before);

    public static AuditRecorded Cancelled(Caller caller, Notification notification, NotificationStatus before) =>
        ByHand("notification.cancelled", caller, notification, before);

    /// <summary>Sent or given up; null while there is still something to try.</summary>
    public static AuditRecorded? Ended(Notification notification, DateTimeOffset now, TimeSpan duration)
    {
        var (action, severity, result) = notification.Status switch
        {
            NotificationStatus.Sent => ("notification.sent", AuditSeverity.Info, AuditResult.Success),
            NotificationStatus.Dead => ("notification.failed", AuditSeverity.Warning, AuditResult.Failure),
            _ => default,
        };
        if (action is null)
        {
            return null;
        }

        var detail = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["kind"] = notification.Kind,
            ["channel"] = notification.Channel,
            ["attempts"] = notification.Attempts.ToString(CultureInfo.InvariantCulture),
        };
        if (notification.Reason is { } reason)
        {
            detail["reason"] = reason;
        }

        var envelope = new EventEnvelope(
            Guid.CreateVersion7(now),
            now,
            notification.TenantId,
            Actor.System("notification"),
            null,
            null,
            null,
            Activity.Current?.TraceId.ToHexString());
        return new AuditRecorded(
            envelope, action, "notification", notification.Id.ToString(), severity, result, duration, Detail: detail);
    }

    private static AuditRecorded ByHand(string action, Caller caller, Notification notification, NotificationStatus before) => new(
        caller.Envelope(tenantId: notification.TenantId),
        action,
        "notification",
        notification.Id.ToString(),
        AuditSeverity.Notice,
        AuditResult.Success,
        Before: JsonSerializer.SerializeToElement(new { status = before.Text() }),
        After: JsonSerializer.SerializeToElement(new { status = notification.Status.Text() }));
}
