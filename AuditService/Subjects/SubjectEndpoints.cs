using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Exporting;
using AuditService.Reading;
using AuditService.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;

namespace AuditService.Subjects;

/// <summary>What the log has about one person: to hand over, and to erase.</summary>
internal static class SubjectEndpoints
{
    public static void MapSubjectEndpoints(this IEndpointRouteBuilder app)
    {
        var subjects = app.MapGroup("/api/v1/audit/subjects/{id}").WithTags("Subjects").RequireScope(Scopes.AuditAdmin);
        subjects.MapGet("/export", ExportAsync).WithName("ExportSubject");
        subjects.MapPost("/erasure", EraseSubject.HandleAsync).WithName("EraseSubject");
    }

    private static async Task<PushStreamHttpResult> ExportAsync(
        [StringLength(200), PlainText] string id, [AllowedValues(null, RecordStream.Csv, RecordStream.Ndjson, RecordStream.Ocsf, ErrorMessage = "There is no such format.")] string? format, AuditDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        await database.NoteExportAsync(caller, AuditActions.Exported, new RecordFilter { UserId = id }, cancellationToken);
        var records = database.Records.Where(row => row.TenantId == caller.TenantId && (row.ActorId == id || row.ResourceId == id));
        return RecordStream.Of(records, format, "audit-subject", cancellationToken);
    }
}
