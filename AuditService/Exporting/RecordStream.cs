using System.Text;
using System.Text.Json;
using AuditService.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AuditService.Exporting;

/// <summary>Records as NDJSON, CSV or OCSF, newest first, a page of the database at a time: memory does not grow with the export.</summary>
internal static class RecordStream
{
    /// <summary>Formats that can be asked for.</summary>
    public const string Csv = "csv";

    public const string Ndjson = "ndjson";

    public const string Ocsf = "ocsf";

    private const int Page = 1000;

    /// <param name="records">Which, of those that the caller sees.</param>
    /// <param name="format"><c>csv</c>, <c>ocsf</c>, or NDJSON for anything else.</param>
    /// <param name="name">Of the file, without its extension.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    public static PushStreamHttpResult Of(IQueryable<AuditRecord> records, string? format, string name, CancellationToken cancellationToken)
    {
        var (kind, type, extension) = format switch
        {
            Csv => (Csv, "text/csv; charset=utf-8", "csv"),
            Ocsf => (Ocsf, "application/x-ndjson", "ocsf.ndjson"),
            _ => (Ndjson, "application/x-ndjson", "ndjson"),
        };
        return TypedResults.Stream(body => WriteAsync(body, records, kind, cancellationToken), type, $"{name}.{extension}");
    }

    /// <summary>The same into a stream of the caller's.</summary>
    internal static Task WriteAsync(Stream body, IQueryable<AuditRecord> records, string format, CancellationToken cancellationToken) => format switch
    {
        Csv => WriteAsync(body, records, CsvLine.Head, CsvLine.Of, cancellationToken),
        Ocsf => WriteAsync(body, records, "", record => OcsfLine.Of(record), cancellationToken),
        _ => WriteAsync(body, records, "", record => Json(record), cancellationToken),
    };

    private static async Task WriteAsync(
        Stream body, IQueryable<AuditRecord> records, string head, Func<AuditRecord, string> line, CancellationToken cancellationToken)
    {
        await body.WriteAsync(Encoding.UTF8.GetBytes(head), cancellationToken);
        AuditRecord? last = null;
        do
        {
            var rest = last is { OccurredAt: var at, Id: var id }
                ? records.Where(row => EF.Functions.LessThan(ValueTuple.Create(row.OccurredAt, row.Id), ValueTuple.Create(at, id)))
                : records;
            var page = await rest.AsNoTracking().OrderByDescending(row => row.OccurredAt).ThenByDescending(row => row.Id).Take(Page).ToListAsync(cancellationToken);
            foreach (var record in page)
            {
                await body.WriteAsync(Encoding.UTF8.GetBytes(line(record)), cancellationToken);
            }

            last = page.Count == Page ? page[^1] : null;
        }
        while (last is not null);
    }

    /// <summary>A record as a line of NDJSON, with its leaf where that is asked for.</summary>
    internal static string Json(AuditRecord row, byte[]? leaf = null)
    {
        var record = RecordLine.Of(row);
        return (leaf is null
            ? JsonSerializer.Serialize(new { index = row.LeafIndex, record, before = row.Before, after = row.After, detail = row.Detail }, JsonSerializerOptions.Web)
            : JsonSerializer.Serialize(new { index = row.LeafIndex, leaf, record, before = row.Before, after = row.After, detail = row.Detail }, JsonSerializerOptions.Web)) + "\n";
    }
}
