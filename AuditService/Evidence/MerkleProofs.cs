using System.Security.Cryptography;

namespace AuditService.Evidence;

/// <summary>Verification of proofs, by the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2. Needs nothing of the service.</summary>
internal static class MerkleProofs
{
    /// <summary>Whether the leaf is number <paramref name="index"/> of the <paramref name="size"/> that the root stands for.</summary>
    public static bool Includes(long index, long size, ReadOnlySpan<byte> leaf, IReadOnlyList<byte[]> path, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || !AreHashes(path))
        {
            return false;
        }

        var (number, last) = (index, size - 1);
        var hash = leaf.ToArray();
        foreach (var step in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((number & 1) == 1 || number == last)
            {
                hash = MerkleHash.Node(step, hash);
                while ((number & 1) == 0 && number != 0)
                {
                    (number, last) = (number >> 1, last >> 1);
                }
            }
            else
            {
                hash = MerkleHash.Node(hash, step);
            }

            (number, last) = (number >> 1, last >> 1);
        }

        return last == 0 && CryptographicOperations.FixedTimeEquals(hash, root);
    }

    /// <summary>Whether the larger tree begins with the whole smaller one.</summary>
    public static bool Extends(
        long smaller, ReadOnlySpan<byte> smallerRoot, long larger, ReadOnlySpan<byte> largerRoot, IReadOnlyList<byte[]> path)
    {
        if (smaller < 0 || smaller > larger || !AreHashes(path))
        {
            return false;
        }

        if (smaller == larger || smaller == 0)
        {
            // Nothing is proved by an empty tree, which every tree begins with.
            return path.Count == 0 && (smaller == 0
                ? smallerRoot.SequenceEqual(MerkleHash.Empty())
                : CryptographicOperations.FixedTimeEquals(smallerRoot, largerRoot));
        }

        var steps = new Queue<byte[]>(path);
        var (number, last) = (smaller - 1, larger - 1);
        while ((number & 1) == 1)
        {
            (number, last) = (number >> 1, last >> 1);
        }

        byte[]? first = number == 0 ? smallerRoot.ToArray() : null;
        if (first is null && !steps.TryDequeue(out first))
        {
            return false;
        }

        var (before, after) = (first, first);
        foreach (var step in steps)
        {
            if (last == 0)
            {
                return false;
            }

            if ((number & 1) == 1 || number == last)
            {
                (before, after) = (MerkleHash.Node(step, before), MerkleHash.Node(step, after));
                while ((number & 1) == 0 && number != 0)
                {
                    (number, last) = (number >> 1, last >> 1);
                }
            }
            else
            {
                after = MerkleHash.Node(after, step);
            }

            (number, last) = (number >> 1, last >> 1);
        }

        return last == 0
            && CryptographicOperations.FixedTimeEquals(before, smallerRoot)
            && CryptographicOperations.FixedTimeEquals(after, largerRoot);
    }

    private static bool AreHashes(IReadOnlyList<byte[]> path) => path.All(step => step.Length == MerkleHash.Size);
}
