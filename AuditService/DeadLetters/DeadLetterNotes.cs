using AuditService.Data;
using AuditService.Recording;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.DeadLetters;

/// <summary>What administrators do with dead letters, told to the log with the change itself.</summary>
internal static class DeadLetterNotes
{
    public static void NoteReplayed(this AuditDbContext database, Caller caller, DeadLetter letter) =>
        database.Note(caller, AuditActions.DeadLetterReplayed, AuditSeverity.Notice, letter);

    public static void NoteDiscarded(this AuditDbContext database, Caller caller, DeadLetter letter) =>
        database.Note(caller, AuditActions.DeadLetterDiscarded, AuditSeverity.Warning, letter);

    /// <summary>Reading is told before anything is shown: messages are of other people.</summary>
    public static async Task NoteReadAsync(this AuditDbContext database, Caller caller, Guid? letter, CancellationToken cancellationToken)
    {
        database.AddEvent(
            new AuditRecorded(caller.Envelope(), AuditActions.DeadLetterRead, "dead_letter", letter?.ToString(), AuditSeverity.Info, AuditResult.Success),
            $"{AuditActions.DeadLetterRead}:{caller.Subject}");
        await database.SaveChangesAsync(cancellationToken);
    }

    private static void Note(this AuditDbContext database, Caller caller, string action, AuditSeverity severity, DeadLetter letter)
    {
        Dictionary<string, string> detail = new(StringComparer.Ordinal)
        {
            ["queue"] = letter.Queue,
            ["eventType"] = letter.EventType ?? "unknown",
            ["eventId"] = letter.EventId?.ToString() ?? "unknown",
            ["faultType"] = letter.FaultType,
        };
        if (letter.Reason is { } reason)
        {
            detail["reason"] = reason;
        }

        database.AddEvent(
            new AuditRecorded(caller.Envelope(), action, "dead_letter", letter.Id.ToString(), severity, AuditResult.Success, Detail: detail),
            letter.Id);
    }
}
