using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;

namespace AuditService.Reading;

/// <summary>The log newest first, by filter, resource, user, or the caller's own part.</summary>
internal static class ListRecords
{
    public static async Task<Ok<Page<RecordLine>>> HandleAsync(
        [AsParameters] RecordFilter filter, AuditDbContext database, FrequentWords common, Caller caller, CancellationToken cancellationToken)
    {
        await database.NoteReadingAsync(caller, null, filter, cancellationToken);
        return TypedResults.Ok(await PageAsync(await filter.ApplyAsync(database.Records, common, cancellationToken), filter.Limit, cancellationToken));
    }

    public static async Task<Ok<Page<RecordLine>>> OfResourceAsync(
        [StringLength(100), PlainText] string type,
        [StringLength(300), PlainText] string id,
        [AsParameters] RecordSpan span,
        AuditDbContext database,
        Caller caller,
        CancellationToken cancellationToken)
    {
        var filter = span.Filter(new RecordFilter { ResourceType = type, ResourceId = id });
        await database.NoteReadingAsync(caller, null, filter, cancellationToken);
        return TypedResults.Ok(await PageAsync(filter.Apply(database.Records), span.Limit, cancellationToken));
    }

    public static async Task<Ok<Page<RecordLine>>> OfUserAsync(
        [StringLength(200), PlainText] string id,
        [AsParameters] RecordSpan span,
        AuditDbContext database,
        Caller caller,
        CancellationToken cancellationToken)
    {
        var filter = span.Filter(new RecordFilter { UserId = id });
        await database.NoteReadingAsync(caller, null, filter, cancellationToken);
        return TypedResults.Ok(await PageAsync(filter.Apply(database.Records), span.Limit, cancellationToken));
    }

    // One's own activity is not noted: a page that makes another line each time it is looked at has no end.
    public static async Task<Ok<Page<RecordLine>>> OfCallerAsync(
        [AsParameters] RecordSpan span, AuditDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        var own = database.Records.Where(row => row.TenantId == caller.TenantId);
        var filter = span.Filter(new RecordFilter { UserId = caller.Subject });
        return TypedResults.Ok(await PageAsync(filter.Apply(own), span.Limit, cancellationToken));
    }

    private static async Task<Page<RecordLine>> PageAsync(
        IQueryable<AuditRecord> records, int? asked, CancellationToken cancellationToken)
    {
        var limit = asked ?? PageLimits.Default;
        var rows = await Lines(records, limit).ToListAsync(cancellationToken);
        return Page<RecordLine>.From(rows, limit, row => new Cursor(row.OccurredAt, row.Id).ToString());
    }

    /// <summary>The query of a page, with the one row more that tells of a next page.</summary>
    internal static IQueryable<RecordLine> Lines(IQueryable<AuditRecord> records, int limit) => records
        .OrderByDescending(row => row.OccurredAt).ThenByDescending(row => row.Id)
        .Take(limit + 1)
        .Select(RecordLine.From);
}
