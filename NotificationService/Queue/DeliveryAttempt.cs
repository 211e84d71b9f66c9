namespace NotificationService.Queue;

/// <summary>One try to send, written once it is over.</summary>
internal sealed class DeliveryAttempt
{
    public Guid Id { get; init; }

    public Guid NotificationId { get; init; }

    /// <summary>1 for the first.</summary>
    public int Number { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public double DurationMs { get; init; }

    /// <summary><c>sent</c>, <c>temporary</c> or <c>permanent</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The SMTP reply code, where the server gave one.</summary>
    public int? Code { get; init; }

    /// <summary>What the server said, or what kept us from asking it.</summary>
    public string? Reason { get; init; }
}
