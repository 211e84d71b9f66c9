using System.Data;
using System.Runtime.CompilerServices;
using AuditService.Retention;
using Npgsql;

namespace AuditService.Evidence.Verifying;

/// <summary>A place of the log with the row that stands there.</summary>
/// <param name="Line">For the check.</param>
/// <param name="Row">Null when there is none.</param>
internal sealed record StoredLine(LogLine Line, StoredRow? Row);

/// <summary>The log in the database as of one moment, in the order of its leaves.</summary>
internal sealed class StoredLog : IAsyncDisposable
{
    private const int Chunk = 8 * Tile.Width;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _snapshot;
    private readonly NoteKey _key;
    private readonly RecordLeaf _leaf = new();

    private StoredLog(NpgsqlConnection connection, NpgsqlTransaction snapshot, NoteKey key, long size, string? head) =>
        (_connection, _snapshot, _key, Size, Head) = (connection, snapshot, key, size, head);

    /// <summary>Leaves of the tree.</summary>
    public long Size { get; }

    /// <summary>Its signed head.</summary>
    public string? Head { get; }

    public static async Task<StoredLog> OpenAsync(NpgsqlDataSource database, NoteKey key, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            // One snapshot for rows, tiles and checkpoints: recording goes on meanwhile.
            var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            var (size, head) = await TreeStore.HeadAsync(connection, cancellationToken);
            return new StoredLog(connection, snapshot, key, size, head);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The tree of so many leaves, from the tiles.</summary>
    public Task<List<byte[]>> FrontierAsync(long size, CancellationToken cancellationToken) =>
        TreeStore.ComputeAsync(_connection, tree => tree.Frontier(size), cancellationToken);

    /// <summary>Every place from one leaf up to another; one with several rows several times.</summary>
    public async IAsyncEnumerable<StoredLine> ReadAsync(
        long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var first = from; first < to;)
        {
            var end = Math.Min(to, (first / Chunk * Chunk) + Chunk);
            var rows = await StoredRows.ReadAsync(
                _connection, "WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index", [first, end], cancellationToken);
            var tiles = await TreeStore.TilesAsync(
                _connection,
                [.. Enumerable.Range(0, Chunk / Tile.Width).Select(tile => ((short)0, (first / Chunk * (Chunk / Tile.Width)) + tile))],
                cancellationToken);
            var dropped = rows.Count >= end - first ? [] : await RetentionAnchor.ReadAsync(_connection, _key, first, end, cancellationToken);
            foreach (var line in Lines(first, end, rows, tiles, dropped))
            {
                yield return line;
            }

            first = end;
        }
    }

    /// <summary>Rows that have no place in the tree.</summary>
    public async Task<List<StoredRow>> StraysAsync(CancellationToken cancellationToken) => await StoredRows.ReadAsync(
        _connection, "WHERE leaf_index IS NULL OR leaf_index < 0 OR leaf_index >= $1 LIMIT 1000", [Size], cancellationToken);

    /// <summary>Cuts a part of the log to so many checkpoints: one that goes to the end to its newest, any other to its oldest.</summary>
    public async Task<(long From, long To)> CutAsync(long from, long to, int most, CancellationToken cancellationToken) => to == Size
        ? (Math.Max(from, Math.Min(to, await Checkpoints.LeastOfNewestAsync(_connection, to, most, cancellationToken))), to)
        : (from, Math.Min(to, await Checkpoints.MostOfOldestAsync(_connection, from, most, cancellationToken)));

    /// <summary>The notes stored in the database, for trees of one size up to another.</summary>
    public async Task<List<string>> NotesAsync(long from, long to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT note FROM audit_checkpoints WHERE size BETWEEN $1 AND $2 ORDER BY size", _connection);
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = to });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> notes = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            notes.Add(reader.GetString(0));
        }

        return notes;
    }

    public async ValueTask DisposeAsync()
    {
        await _snapshot.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private IEnumerable<StoredLine> Lines(
        long from, long to, List<StoredRow> rows, Dictionary<(short, long), ReadOnlyMemory<byte>> tiles, List<(long From, long To)> dropped)
    {
        var at = 0;
        for (var index = from; index < to; index++)
        {
            var leaf = LeafOf(index, tiles);
            List<StoredLine> here = [];
            for (; at < rows.Count && rows[at].Index == index; at++)
            {
                here.Add(new StoredLine(new LogLine(index, leaf, rows[at].Hash(_leaf) ?? MerkleHash.Empty(), rows[at].Row.Id, Absence.None), rows[at]));
            }

            if (here.Count == 0)
            {
                var isDropped = dropped.Exists(range => index >= range.From && index < range.To);
                here.Add(new StoredLine(new LogLine(index, leaf, null, null, isDropped ? Absence.Retention : Absence.Missing), null));
            }

            // Of several rows in one place the one that belongs there comes first.
            foreach (var line in here.OrderBy(line => leaf is not null && line.Line.Hash.AsSpan().SequenceEqual(leaf) ? 0 : 1))
            {
                yield return line;
            }
        }
    }

    private static byte[]? LeafOf(long index, Dictionary<(short, long), ReadOnlyMemory<byte>> tiles) =>
        tiles.TryGetValue((0, index / Tile.Width), out var tile) && tile.Length > index % Tile.Width * MerkleHash.Size
            ? tile.Slice((int)(index % Tile.Width) * MerkleHash.Size, MerkleHash.Size).ToArray()
            : null;
}
