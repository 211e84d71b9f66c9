using System.ComponentModel.DataAnnotations;
using System.Text;
using AuditService.Data;
using AuditService.Reading;
using AuditService.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using ServiceDefaults.Authentication;

namespace AuditService.Evidence.Verifying;

/// <summary>
/// A part of the log with everything that it takes to check it elsewhere, as NDJSON, streamed. Another tenant's places
/// have their leaves, which tell nothing, and so every tenant can check the whole tree.
/// </summary>
internal static class ExportEvidence
{
    private const string Ndjson = "application/x-ndjson";
    private const int Flush = 64 * 1024;

    /// <param name="from">First leaf; 0 unless given.</param>
    /// <param name="to">Leaf after the last one; all there are unless given.</param>
    /// <param name="database">For the note of the reading.</param>
    /// <param name="source">Has the log.</param>
    /// <param name="key">Names the log.</param>
    /// <param name="time">Dates the export.</param>
    /// <param name="caller">Whose records are shown.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    public static async Task<PushStreamHttpResult> HandleAsync(
        [Range(0, long.MaxValue)] long? from,
        [Range(0, long.MaxValue)] long? to,
        AuditDbContext database,
        NpgsqlDataSource source,
        LogKey key,
        TimeProvider time,
        Caller caller,
        CancellationToken cancellationToken)
    {
        await database.NoteExportAsync(caller, AuditActions.Exported, new RecordFilter(), cancellationToken);
        var (tenant, all) = (caller.TenantId, caller.Has(Scopes.Platform));
        return TypedResults.Stream(
            body => WriteAsync(body, from ?? 0, to, row => all || row.TenantId == tenant, source, key.Value, time, cancellationToken),
            Ndjson,
            "audit-evidence.ndjson");
    }

    /// <summary>Writes the export of the log as it is now.</summary>
    internal static async Task WriteAsync(
        Stream body, long from, long? to, Func<Recording.AuditRow, bool> isShown, NpgsqlDataSource source, NoteKey key, TimeProvider time, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        await using var log = await StoredLog.OpenAsync(source, key, cancellationToken);
        var end = Math.Min(to ?? log.Size, log.Size);
        from = Math.Min(from, end);
        using var lines = new MemoryStream();
        lines.Write(Encoding.UTF8.GetBytes(
            EvidenceLines.Of(new EvidenceLines.Head(key.Name, from, end, at, await log.FrontierAsync(from, cancellationToken))) + "\n"));
        var leaf = new RecordLeaf();
        await foreach (var line in log.ReadAsync(from, end, cancellationToken))
        {
            EvidenceLines.Write(lines, line, line.Row is { } row && !isShown(row.Row) ? Absence.Tenant : line.Line.Absent, leaf);
            if (lines.Length > Flush)
            {
                await SendAsync(lines, body, cancellationToken);
            }
        }

        await SendAsync(lines, body, cancellationToken);
    }

    private static async Task SendAsync(MemoryStream lines, Stream body, CancellationToken cancellationToken)
    {
        await body.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), cancellationToken);
        lines.SetLength(0);
    }
}
