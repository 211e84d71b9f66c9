using System.Numerics;

namespace AuditService.Evidence;

/// <summary>
/// The tiles at the tree's right edge, which are all that changes when leaves are added. Kept by the writer between its
/// transactions, so that adding reads nothing.
/// </summary>
internal sealed class TileEdge
{
    private readonly List<byte[]> _open = [];
    private readonly List<Tile> _full = [];

    public TileEdge()
    {
    }

    /// <summary>Goes on from stored tiles: of each level the last one that is not full.</summary>
    /// <exception cref="InvalidDataException">A tile is not as wide as the size says.</exception>
    public TileEdge(long size, IEnumerable<Tile> open)
    {
        Size = size;
        foreach (var tile in open)
        {
            if (tile.Hashes.Length < Open(tile.Level) * MerkleHash.Size || tile.Number != Number(tile.Level))
            {
                throw new InvalidDataException($"Tile {tile.Level}/{tile.Number} does not belong to a tree of {size}.");
            }

            // It may be wider: of a tile that was cut back only the size counts.
            tile.Hashes.Span[..(Open(tile.Level) * MerkleHash.Size)].CopyTo(At(tile.Level));
        }

        for (short level = 0; size >> (level * Tile.Height) > 0; level++)
        {
            if (Open(level) > 0 && _open.Count <= level)
            {
                throw new InvalidDataException($"Level {level} of a tree of {size} has no tile.");
            }
        }
    }

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    public void Append(ReadOnlySpan<byte> leaf)
    {
        Append(0, leaf);
        Size++;
    }

    /// <summary>Root of the tree, RFC 9162, 2.1.1.</summary>
    public byte[] Root()
    {
        byte[]? root = null;
        for (var level = 0; level < _open.Count; level++)
        {
            var hashes = _open[level].AsSpan();
            for (var left = Open(level); left > 0;)
            {
                // The smallest complete subtree is the rightmost one.
                var count = 1 << BitOperations.TrailingZeroCount(left);
                left -= count;
                var subtree = MerkleHash.Complete(hashes.Slice(left * MerkleHash.Size, count * MerkleHash.Size));
                root = root is null ? subtree : MerkleHash.Node(subtree, root);
            }
        }

        return root ?? MerkleHash.Empty();
    }

    /// <summary>What has to be stored since the last call: tiles that were filled, and the open ones as they are now.</summary>
    public List<Tile> TakeChanged()
    {
        List<Tile> changed = [.. _full];
        _full.Clear();
        for (short level = 0; level < _open.Count; level++)
        {
            if (Open(level) is > 0 and var width)
            {
                changed.Add(new Tile(level, Number(level), _open[level].AsMemory(0, width * MerkleHash.Size)));
            }
        }

        return changed;
    }

    private void Append(short level, ReadOnlySpan<byte> hash)
    {
        var tile = At(level);
        var at = Open(level);
        hash.CopyTo(tile.AsSpan(at * MerkleHash.Size));
        if (at == Tile.Width - 1)
        {
            _full.Add(new Tile(level, Number(level), tile));
            _open[level] = new byte[Tile.Width * MerkleHash.Size];
            Append((short)(level + 1), MerkleHash.Complete(tile));
        }
    }

    private byte[] At(int level)
    {
        while (_open.Count <= level)
        {
            _open.Add(new byte[Tile.Width * MerkleHash.Size]);
        }

        return _open[level];
    }

    private int Open(int level) => (int)((Size >> (level * Tile.Height)) % Tile.Width);

    private long Number(int level) => Size >> ((level + 1) * Tile.Height);
}
