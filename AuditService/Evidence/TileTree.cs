using System.Numerics;

namespace AuditService.Evidence;

/// <summary>Roots and proofs of RFC 9162, 2.1, read from tiles. Any earlier size can be asked for.</summary>
/// <param name="tiles">Gives the hashes of a tile by level and number.</param>
internal sealed class TileTree(Func<(short Level, long Number), ReadOnlyMemory<byte>> tiles)
{
    /// <summary>Root of the first <paramref name="size"/> leaves.</summary>
    public byte[] Root(long size) => size == 0 ? MerkleHash.Empty() : Hash(0, size);

    public byte[] Leaf(long index) => Hash(index, index + 1);

    /// <summary>The complete subtrees that the first <paramref name="size"/> leaves consist of.</summary>
    public List<byte[]> Frontier(long size)
    {
        List<byte[]> subtrees = [];
        for (long from = 0; from < size;)
        {
            var count = 1L << (63 - BitOperations.LeadingZeroCount((ulong)(size - from)));
            subtrees.Add(Hash(from, from + count));
            from += count;
        }

        return subtrees;
    }

    /// <summary>RFC 9162, 2.1.3.1.</summary>
    public List<byte[]> Inclusion(long index, long size)
    {
        List<byte[]> path = [];
        for (long from = 0, to = size; to - from > 1;)
        {
            var middle = from + MerkleHash.Split(to - from);
            var isLeft = index < middle;
            path.Add(isLeft ? Hash(middle, to) : Hash(from, middle));
            (from, to) = isLeft ? (from, middle) : (middle, to);
        }

        path.Reverse();
        return path;
    }

    /// <summary>RFC 9162, 2.1.4.1. Empty for an empty tree and for the same one.</summary>
    public List<byte[]> Consistency(long smaller, long larger)
    {
        List<byte[]> path = [];
        if (smaller == 0 || smaller == larger)
        {
            return path;
        }

        var isWhole = true;
        long from = 0, to = larger;
        while (smaller != to)
        {
            var middle = from + MerkleHash.Split(to - from);
            var isLeft = smaller <= middle;
            path.Add(isLeft ? Hash(middle, to) : Hash(from, middle));
            isWhole = isWhole && isLeft;
            (from, to) = isLeft ? (from, middle) : (middle, to);
        }

        if (!isWhole)
        {
            path.Add(Hash(from, to));
        }

        path.Reverse();
        return path;
    }

    private byte[] Hash(long from, long to)
    {
        var count = to - from;
        if (!BitOperations.IsPow2(count))
        {
            var middle = from + MerkleHash.Split(count);
            return MerkleHash.Node(Hash(from, middle), Hash(middle, to));
        }

        var height = BitOperations.Log2((ulong)count);
        var level = (short)(height / Tile.Height);
        var width = 1 << (height % Tile.Height);
        var first = from >> (level * Tile.Height);
        var hashes = tiles((level, first / Tile.Width));
        return MerkleHash.Complete(hashes.Span.Slice((int)(first % Tile.Width) * MerkleHash.Size, width * MerkleHash.Size));
    }
}
