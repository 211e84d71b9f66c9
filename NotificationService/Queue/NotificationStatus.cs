namespace NotificationService.Queue;

/// <summary>Where a notification is.</summary>
public enum NotificationStatus
{
    /// <summary>Not tried yet.</summary>
    Pending,

    /// <summary>Claimed by a process until its lease ends.</summary>
    Sending,

    /// <summary>Taken over by the next server.</summary>
    Sent,

    /// <summary>The last attempt failed; the next is due.</summary>
    Failed,

    /// <summary>Given up, with the reason.</summary>
    Dead,

    /// <summary>Stopped by an administrator.</summary>
    Cancelled,
}

/// <summary>How the database writes a status.</summary>
internal static class NotificationStatusText
{
    public static string Text(this NotificationStatus status) => status.ToString().ToLowerInvariant();

    public static NotificationStatus Parse(string text) => Enum.Parse<NotificationStatus>(text, ignoreCase: true);
}
