namespace AuditService.DeadLetters;

/// <summary>
/// A message that a consumer gave up, kept until an administrator of the platform replays or discards it. Of any tenant or
/// none: dead letters are the platform's business.
/// </summary>
internal sealed class DeadLetter
{
    /// <summary>Reason of a letter that was discarded because the person it was about was erased.</summary>
    public const string Erased = "erased";

    public required Guid Id { get; init; }

    /// <summary>SHA-256 over queue, message and time of the failure: collected twice, it is kept once.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>The queue it was given up in, and the only one it is replayed to.</summary>
    public required string Queue { get; init; }

    /// <summary>The service that the queue belongs to: its name up to the first hyphen.</summary>
    public required string Service { get; init; }

    /// <summary>Name of the event; null where the message does not tell.</summary>
    public string? EventType { get; init; }

    /// <summary>The event's id, by which an inbox knows it; null where the message does not tell.</summary>
    public Guid? EventId { get; init; }

    public Guid? TenantId { get; init; }

    /// <summary>UTC instant of the event.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>UTC instant at which the consumer gave it up.</summary>
    public required DateTimeOffset FailedAt { get; init; }

    public required DateTimeOffset CollectedAt { get; init; }

    /// <summary>The exception's type.</summary>
    public required string FaultType { get; init; }

    public required string FaultMessage { get; set; }

    public string? FaultTrace { get; set; }

    /// <summary>The letter that this message was before it was replayed.</summary>
    public Guid? ReplayOf { get; init; }

    /// <summary>Headers and properties of the message, as JSON.</summary>
    public required string Headers { get; set; }

    /// <summary>The message to the byte; empty when it was erased.</summary>
    public required byte[] Body { get; set; }

    /// <summary>One of <see cref="DeadLetterStates"/>.</summary>
    public string State { get; private set; } = DeadLetterStates.Waiting;

    public string? DecidedBy { get; private set; }

    public DateTimeOffset? DecidedAt { get; private set; }

    public string? Reason { get; private set; }

    /// <summary>The broker has confirmed that it is in its queue again.</summary>
    public void Replayed(string by, DateTimeOffset at, string? reason) => Decide(DeadLetterStates.Replayed, by, at, reason);

    /// <summary>Nobody will handle it.</summary>
    public void Discarded(string by, DateTimeOffset at, string reason) => Decide(DeadLetterStates.Discarded, by, at, reason);

    /// <summary>
    /// Takes out what is personal of somebody: the text of the fault, which may quote the message, and of the message all but
    /// what is left. With nothing left it can no longer be replayed.
    /// </summary>
    /// <returns>Whether it waited and is discarded by this.</returns>
    public bool Erase(byte[]? left, string by, DateTimeOffset at)
    {
        (FaultMessage, FaultTrace, Headers, Body) = ("", null, DeadLetterMessage.WithoutTheFailure(Headers), left ?? []);
        if (left is not null || State != DeadLetterStates.Waiting)
        {
            return false;
        }

        Discarded(by, at, Erased);
        return true;
    }

    private void Decide(string state, string by, DateTimeOffset at, string? reason)
    {
        if (State != DeadLetterStates.Waiting)
        {
            throw new InvalidOperationException($"The dead letter was {State} already.");
        }

        (State, DecidedBy, DecidedAt, Reason) = (state, by, at, reason);
    }
}

/// <summary>What can be done with a dead letter was done, or not yet.</summary>
internal static class DeadLetterStates
{
    public const string Waiting = "waiting";
    public const string Replayed = "replayed";
    public const string Discarded = "discarded";
}
