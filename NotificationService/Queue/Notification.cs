using NotificationService.Delivery;
using ServiceDefaults.Data;

namespace NotificationService.Queue;

/// <summary>
/// A message to one person on one channel, from its making to its end.
/// <code>
/// pending ─claim─► sending ─► sent
///    ▲                │  └──► failed ─(due)─► sending …
///    │                └─────► dead
///  retry ◄── dead, failed, cancelled        cancel: pending, failed ─► cancelled
/// </code>
/// </summary>
internal sealed class Notification : ITenantOwned
{
    public Guid Id { get; init; }

    public Guid TenantId { get; init; }

    public Guid? UserId { get; init; }

    /// <summary>Names the rule and the template.</summary>
    public required string Kind { get; init; }

    /// <summary>Only <c>email</c> so far.</summary>
    public required string Channel { get; init; }

    public required string Recipient { get; init; }

    public string? RecipientName { get; init; }

    /// <summary>Values for the template.</summary>
    public required Dictionary<string, string> Payload { get; set; }

    public NotificationStatus Status { get; private set; }

    /// <summary>Attempts begun so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>The number of attempts after which it is given up; a retry by hand raises it.</summary>
    public int AttemptsAllowed { get; private set; }

    /// <summary>When it may be claimed: its next attempt, or the end of the lease while it is being sent.</summary>
    public DateTimeOffset DueAt { get; private set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? SentAt { get; private set; }

    /// <summary>Why the last attempt failed.</summary>
    public string? Reason { get; private set; }

    /// <summary>Unique: what makes a second event harmless.</summary>
    public required string DedupeKey { get; init; }

    /// <summary>W3C traceparent of the consumer, so that sending belongs to the same trace.</summary>
    public string? TraceParent { get; init; }

    /// <summary>PostgreSQL's row version: a claim, an administrator and a late sender cannot overwrite each other.</summary>
    public uint Xmin { get; private set; }

    public bool CanRetry => Status is NotificationStatus.Dead or NotificationStatus.Failed or NotificationStatus.Cancelled;

    public bool CanCancel => Status is NotificationStatus.Pending or NotificationStatus.Failed;

    public void Sent(DateTimeOffset now)
    {
        Status = NotificationStatus.Sent;
        SentAt = now;
        Reason = null;
        Payload = Payload.Where(value => value.Key != SealedValues.Link)
            .ToDictionary(value => value.Key, value => value.Value, StringComparer.Ordinal);
    }

    /// <summary>The attempt failed in a way that may pass; dead when it was the last one allowed.</summary>
    public void Failed(string reason, DateTimeOffset nextAttempt)
    {
        Status = Attempts >= AttemptsAllowed ? NotificationStatus.Dead : NotificationStatus.Failed;
        Reason = reason;
        DueAt = nextAttempt;
    }

    /// <summary>No further attempt can succeed.</summary>
    public void GiveUp(string reason)
    {
        Status = NotificationStatus.Dead;
        Reason = reason;
    }

    public void Retry(int attempts, DateTimeOffset now)
    {
        Status = NotificationStatus.Pending;
        AttemptsAllowed = Attempts + attempts;
        DueAt = now;
    }

    public void Cancel() => Status = NotificationStatus.Cancelled;
}
