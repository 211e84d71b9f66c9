using Npgsql;
using NpgsqlTypes;

namespace AuditService.Evidence;

/// <summary>The tree's tables, read and written through a connection of the caller's.</summary>
internal static class TreeStore
{
    /// <summary>Held by whoever adds leaves, until the commit: the order of commits is the order of leaves.</summary>
    public const string Lock = "SELECT pg_advisory_xact_lock(hashtext('audit_tree'))";

    public const string SelectHead = "SELECT size, head FROM audit_tree";

    private const string UpsertTiles =
        """
        INSERT INTO audit_tiles (level, number, hashes) SELECT * FROM unnest($1, $2, $3)
        ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
        """;

    public static async Task<(long Size, string? Head)> HeadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectHead, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (reader.GetInt64(0), await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1))
            : throw new BrokenTreeException("The tree's head is missing.");
    }

    /// <summary>The open tiles of a tree of that size.</summary>
    public static async Task<TileEdge> EdgeAsync(NpgsqlConnection connection, long size, CancellationToken cancellationToken)
    {
        HashSet<(short, long)> wanted = [];
        for (short level = 0; size >> (level * Tile.Height) > 0; level++)
        {
            if ((size >> (level * Tile.Height)) % Tile.Width > 0)
            {
                wanted.Add((level, size >> ((level + 1) * Tile.Height)));
            }
        }

        return new TileEdge(size, (await TilesAsync(connection, wanted, cancellationToken)).Select(tile => new Tile(tile.Key.Level, tile.Key.Number, tile.Value)));
    }

    public static NpgsqlBatchCommand StoreTiles(IReadOnlyList<Tile> tiles) => new(UpsertTiles)
    {
        Parameters =
        {
            new() { Value = tiles.Select(tile => tile.Level).ToArray() },
            new() { Value = tiles.Select(tile => tile.Number).ToArray() },
            new() { Value = tiles.Select(tile => tile.Hashes.ToArray()).ToArray() },
        },
    };

    public static NpgsqlBatchCommand StoreHead(long size, string head) => new("UPDATE audit_tree SET size = $1, head = $2")
    {
        Parameters = { new() { Value = size }, new() { Value = head } },
    };

    /// <summary>Computes something of the tree: which tiles that needs is found by a first run, which reads none.</summary>
    /// <exception cref="BrokenTreeException">A tile is missing or too short.</exception>
    public static async Task<T> ComputeAsync<T>(
        NpgsqlConnection connection, Func<TileTree, T> compute, CancellationToken cancellationToken)
    {
        HashSet<(short, long)> wanted = [];
        var anything = new byte[Tile.Width * MerkleHash.Size];
        compute(new TileTree(tile =>
        {
            wanted.Add(tile);
            return anything;
        }));
        var tiles = await TilesAsync(connection, wanted, cancellationToken);
        try
        {
            return compute(new TileTree(tile => tiles[tile]));
        }
        catch (Exception fault) when (fault is KeyNotFoundException or ArgumentOutOfRangeException)
        {
            throw new BrokenTreeException("A tile of the tree is missing or too short.");
        }
    }

    public static async Task<Dictionary<(short Level, long Number), ReadOnlyMemory<byte>>> TilesAsync(
        NpgsqlConnection connection, IReadOnlyCollection<(short Level, long Number)> wanted, CancellationToken cancellationToken)
    {
        Dictionary<(short, long), ReadOnlyMemory<byte>> tiles = [];
        if (wanted.Count == 0)
        {
            return tiles;
        }

        await using var command = new NpgsqlCommand(
            "SELECT level, number, hashes FROM audit_tiles JOIN unnest($1, $2) AS wanted (level, number) USING (level, number)", connection);
        command.Parameters.Add(new() { Value = wanted.Select(tile => tile.Level).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint });
        command.Parameters.Add(new() { Value = wanted.Select(tile => tile.Number).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            tiles.Add((reader.GetInt16(0), reader.GetInt64(1)), await reader.GetFieldValueAsync<byte[]>(2, cancellationToken));
        }

        return tiles;
    }
}
