using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Exporting;
using AuditService.Reading;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AuditService.Pushing;

/// <summary>
/// Neighbouring places of the log as NDJSON, each line with its leaf, and the roots of the tree before and after: a
/// receiver that goes on from the root it has sees that nothing is missing and nothing was changed.
/// </summary>
/// <param name="From">First leaf.</param>
/// <param name="To">Leaf after the last one.</param>
/// <param name="RootBefore">Root of the tree of the leaves before.</param>
/// <param name="RootAfter">Root of the tree with these.</param>
/// <param name="Body">The lines.</param>
internal sealed record PushBatch(long From, long To, byte[] RootBefore, byte[] RootAfter, byte[] Body)
{
    /// <summary>The same whenever and by whomever it is sent.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{From}-{To}-{Convert.ToHexStringLower(RootAfter)}");

    /// <param name="connection">Open.</param>
    /// <param name="database">Sees every tenant.</param>
    /// <param name="from">First leaf.</param>
    /// <param name="to">Leaf after the last one, at most.</param>
    /// <param name="bytes">After which the batch ends earlier; null for one whose end is settled.</param>
    /// <param name="format">Of the lines.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<PushBatch> ReadAsync(
        NpgsqlConnection connection, AuditDbContext database, long from, long to, int? bytes, string format, CancellationToken cancellationToken)
    {
        var tiles = await TreeStore.TilesAsync(
            connection,
            [.. Enumerable.Range(0, (int)(((to - 1) / Tile.Width) - (from / Tile.Width)) + 1).Select(tile => ((short)0, (from / Tile.Width) + tile))],
            cancellationToken);
        var rows = (await database.Records.AsNoTracking().Where(row => row.LeafIndex >= from && row.LeafIndex < to).ToListAsync(cancellationToken))
            .DistinctBy(row => row.LeafIndex).ToDictionary(row => row.LeafIndex!.Value);
        using var body = new MemoryStream();
        var end = from;
        while (end < to && (bytes is null || body.Length < bytes))
        {
            body.Write(Encoding.UTF8.GetBytes(Line(end, LeafOf(end, tiles), rows.GetValueOrDefault(end), format)));
            end++;
        }

        var (before, after) = await TreeStore.ComputeAsync(connection, tree => (tree.Root(from), tree.Root(end)), cancellationToken);
        return new PushBatch(from, end, before, after, body.ToArray());
    }

    public HttpRequestMessage Request(PushOptions options)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, options.Address)
        {
            Content = new ByteArrayContent(Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } },
        };
        request.Headers.Add("Idempotency-Key", Id);
        request.Headers.Add("Audit-Batch", Id);
        request.Headers.Add("Audit-From", From.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Audit-To", To.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Audit-Root-Before", Convert.ToBase64String(RootBefore));
        request.Headers.Add("Audit-Root-After", Convert.ToBase64String(RootAfter));
        if (options.Authorization is { } secret)
        {
            request.Headers.TryAddWithoutValidation("Authorization", secret);
        }

        // The receiver recognizes a repetition by its id.
        return request.AllowRetry();
    }

    private static string Line(long index, byte[] leaf, AuditRecord? record, string format) => (record, format) switch
    {
        // Dropped at the end of its retention before it was pushed; the leaf is needed all the same.
        (null, _) => JsonSerializer.Serialize(new { index, leaf, absent = true }, JsonSerializerOptions.Web) + "\n",
        (_, RecordStream.Ocsf) => OcsfLine.Of(record, leaf),
        _ => RecordStream.Json(record, leaf),
    };

    private static byte[] LeafOf(long index, Dictionary<(short Level, long Number), ReadOnlyMemory<byte>> tiles) =>
        tiles.TryGetValue((0, index / Tile.Width), out var tile) && tile.Length > index % Tile.Width * MerkleHash.Size
            ? tile.Slice((int)(index % Tile.Width) * MerkleHash.Size, MerkleHash.Size).ToArray()
            : throw new BrokenTreeException("A tile of the tree is missing or too short.");
}
