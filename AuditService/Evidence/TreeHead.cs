using Npgsql;

namespace AuditService.Evidence;

/// <summary>Whether the tree in the database is one that the log's key signed, and one that goes on from what is known.</summary>
internal static class TreeHead
{
    /// <summary>Gives back the tree's right edge.</summary>
    /// <exception cref="BrokenTreeException">Says what is wrong with the tree.</exception>
    public static async Task<TileEdge> CheckAsync(
        NpgsqlConnection connection, long size, string? head, NoteKey key, Checkpoint? known, CancellationToken cancellationToken)
    {
        var edge = await ReadEdgeAsync(connection, size, cancellationToken);
        if (known is not null && size < known.Size)
        {
            throw new BrokenTreeException($"The tree has {size} leaves, and had {known.Size}.");
        }

        if (head is null && size == 0)
        {
            return edge;
        }

        if (head is null || Checkpoint.Open(head, key) is not { } signed || signed.Size != size)
        {
            throw new BrokenTreeException("The tree's head is not signed by the log's key.");
        }

        if (!edge.Root().AsSpan().SequenceEqual(signed.Root))
        {
            throw new BrokenTreeException($"The tiles are not those of the signed head of {size} leaves.");
        }

        if (known is not null)
        {
            var before = await TreeStore.ComputeAsync(connection, tree => tree.Root(known.Size), cancellationToken);
            if (!before.AsSpan().SequenceEqual(known.Root))
            {
                throw new BrokenTreeException($"The first {known.Size} leaves are no longer those of the checkpoint.");
            }
        }

        return edge;
    }

    private static async Task<TileEdge> ReadEdgeAsync(NpgsqlConnection connection, long size, CancellationToken cancellationToken)
    {
        try
        {
            return await TreeStore.EdgeAsync(connection, size, cancellationToken);
        }
        catch (InvalidDataException fault)
        {
            throw new BrokenTreeException(fault.Message);
        }
    }
}
