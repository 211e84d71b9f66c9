using System.Globalization;
using AuditService.Data;
using AuditService.Recording;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.Reading;

/// <summary>
/// Reading the log is itself told to the log, before anything is shown. The resource is the log, not what was looked up:
/// that is in the detail, and a history does not grow by being read.
/// </summary>
internal static class ReadingNotes
{
    public static async Task NoteReadingAsync(
        this AuditDbContext database,
        Caller caller,
        Guid? recordId,
        RecordFilter? filter,
        CancellationToken cancellationToken)
    {
        Add(database, caller, AuditActions.AuditRead, AuditSeverity.Info, recordId?.ToString(), filter);
        await database.SaveChangesAsync(cancellationToken);
    }

    /// <summary>The same for what is taken away as a whole.</summary>
    public static async Task NoteExportAsync(
        this AuditDbContext database, Caller caller, string action, RecordFilter filter, CancellationToken cancellationToken)
    {
        Add(database, caller, action, AuditSeverity.Notice, null, filter);
        await database.SaveChangesAsync(cancellationToken);
    }

    private static void Add(AuditDbContext database, Caller caller, string action, AuditSeverity severity, string? recordId, RecordFilter? filter) =>
        database.AddEvent(
            new AuditRecorded(
                caller.Envelope(), action, "audit", recordId, severity, AuditResult.Success, Detail: filter is null ? null : Describe(filter)),
            $"audit.read:{caller.Subject}");

    private static Dictionary<string, string> Describe(RecordFilter filter)
    {
        (string Name, string? Value)[] parts =
        [
            ("userId", filter.UserId),
            ("action", filter.Action),
            ("resourceType", filter.ResourceType),
            ("resourceId", filter.ResourceId),
            ("severity", filter.Severity),
            ("result", filter.Result),
            ("address", filter.Address),
            ("text", filter.Text),
            ("traceId", filter.TraceId),
            ("tenantId", filter.TenantId?.ToString()),
            ("from", filter.From?.ToString("O", CultureInfo.InvariantCulture)),
            ("to", filter.To?.ToString("O", CultureInfo.InvariantCulture)),
        ];
        return parts.Where(part => part.Value is not null).ToDictionary(part => part.Name, part => part.Value!, StringComparer.Ordinal);
    }
}
