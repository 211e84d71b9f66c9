using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Reading;
using AuditService.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;

namespace AuditService.Exporting;

/// <summary>All records that a filter leaves, or all of one person.</summary>
internal static class ExportRecords
{
    public static void MapExportEndpoints(this IEndpointRouteBuilder app)
    {
        var exports = app.MapGroup("/api/v1/audit").WithTags("Export");
        exports.MapGet("/export", HandleAsync).WithName("ExportAuditRecords").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin);
    }

    private static async Task<PushStreamHttpResult> HandleAsync(
        [AsParameters] RecordFilter filter, [AllowedValues(null, RecordStream.Csv, RecordStream.Ndjson, RecordStream.Ocsf, ErrorMessage = "There is no such format.")] string? format, AuditDbContext database, FrequentWords common, Caller caller, CancellationToken cancellationToken)
    {
        await database.NoteExportAsync(caller, AuditActions.Exported, filter, cancellationToken);
        return RecordStream.Of(await filter.ApplyAsync(database.Records, common, cancellationToken), format, "audit-records", cancellationToken);
    }
}
