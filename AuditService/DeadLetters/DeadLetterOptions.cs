using System.ComponentModel.DataAnnotations;

namespace AuditService.DeadLetters;

/// <summary>Section <c>DeadLetters</c>.</summary>
internal sealed class DeadLetterOptions
{
    public const string Section = "DeadLetters";

    /// <summary>
    /// Age of an event up to which it is replayed. Shorter than the inboxes keep its id (<c>Messaging:InboxRetention</c>),
    /// or one that was replayed twice would be applied twice.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "364.00:00:00")]
    public TimeSpan ReplayFor { get; init; } = TimeSpan.FromDays(28);

    /// <summary>How long those stay to be looked at that were replayed or discarded.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepDecided { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long a replay waits for the broker's confirm.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
