using System.Numerics;
using System.Security.Cryptography;

namespace AuditService.Evidence;

/// <summary>Hashing of RFC 9162, 2.1.1: SHA-256 with a leading octet that keeps leaves and nodes apart.</summary>
internal static class MerkleHash
{
    /// <summary>Octets of a hash.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    /// <summary>The octet before the data of a leaf.</summary>
    public const byte LeafPrefix = 0;

    private const byte NodePrefix = 1;

    /// <summary>Root of the tree without a leaf.</summary>
    public static byte[] Empty() => SHA256.HashData([]);

    public static byte[] Leaf(ReadOnlySpan<byte> data)
    {
        var input = new byte[data.Length + 1];
        input[0] = LeafPrefix;
        data.CopyTo(input.AsSpan(1));
        return SHA256.HashData(input);
    }

    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var node = new byte[Size];
        Node(left, right, node);
        return node;
    }

    /// <summary>Into a place that may be one of the two.</summary>
    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> node)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Size)];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Size)..]);
        SHA256.HashData(input, node);
    }

    /// <summary>Root over neighbouring hashes, as many as a power of two.</summary>
    public static byte[] Complete(ReadOnlySpan<byte> hashes)
    {
        var work = hashes.ToArray();
        for (var count = work.Length / Size; count > 1; count /= 2)
        {
            for (var at = 0; at < count / 2; at++)
            {
                Node(work.AsSpan(2 * at * Size, Size), work.AsSpan(((2 * at) + 1) * Size, Size), work.AsSpan(at * Size, Size));
            }
        }

        return work[..Size];
    }

    /// <summary>Largest power of two below <paramref name="count"/>: where RFC 9162 divides a tree of two leaves or more.</summary>
    public static long Split(long count) => 1L << (63 - BitOperations.LeadingZeroCount((ulong)(count - 1)));
}
