namespace AuditService.Completeness;

/// <summary>
/// What a gateway's process says it recorded between two instants, and how much of it is in the log. Written by
/// <see cref="RequestsCountedConsumer"/> and <see cref="WindowStatements"/>, by SQL.
/// </summary>
internal sealed class RequestWindow
{
    /// <summary>Its records are in the log, every one.</summary>
    public const string Complete = "complete";

    /// <summary>Some are not, and the time for late ones is over.</summary>
    public const string Gap = "gap";

    /// <summary>Some are not yet.</summary>
    public const string Pending = "pending";

    /// <summary>The gateway's own count.</summary>
    public const string Counted = "counted";

    /// <summary>In place of counts that did not come: what lies between their neighbours.</summary>
    public const string Lost = "lost";

    /// <summary>What came of a process after its last count, when it has ended.</summary>
    public const string Tail = "tail";

    public required Guid Run { get; init; }

    public required long Number { get; init; }

    public required Guid Id { get; init; }

    public required string Gateway { get; init; }

    public required string Kind { get; init; }

    public required DateTimeOffset WindowFrom { get; init; }

    public required DateTimeOffset WindowTo { get; init; }

    /// <summary>Number of its first record within the run.</summary>
    public required long First { get; init; }

    public required long Success { get; init; }

    public required long Denied { get; init; }

    public required long Failure { get; init; }

    /// <summary>Records whose result no count tells, in a window that was not counted.</summary>
    public required long Unknown { get; init; }

    public required long Dropped { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required string State { get; init; }

    /// <summary>Counted and not in the log.</summary>
    public required long Missing { get; init; }

    /// <summary>All are in the log, with other results than were counted.</summary>
    public required bool Miscounted { get; init; }

    public DateTimeOffset? CheckedAt { get; init; }

    public DateTimeOffset? GapFoundAt { get; init; }

    public DateTimeOffset? GapClosedAt { get; init; }

    /// <summary>Whether the count before it was looked for.</summary>
    public required bool Preceded { get; init; }
}
