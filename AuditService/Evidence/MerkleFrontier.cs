namespace AuditService.Evidence;

/// <summary>
/// The complete subtrees that a tree of some size consists of, largest first: all that is needed to add leaves and to
/// tell the root, however large the tree is.
/// </summary>
internal sealed class MerkleFrontier
{
    private readonly List<byte[]> _subtrees = [];

    public MerkleFrontier()
    {
    }

    /// <summary>Goes on from a tree whose subtrees are known.</summary>
    /// <exception cref="ArgumentException">There are not as many as the size has.</exception>
    public MerkleFrontier(long size, IEnumerable<byte[]> subtrees)
    {
        _subtrees.AddRange(subtrees);
        if (size < 0 || long.PopCount(size) != _subtrees.Count || _subtrees.Exists(hash => hash.Length != MerkleHash.Size))
        {
            throw new ArgumentException("The subtrees are not those of the size.", nameof(subtrees));
        }

        Size = size;
    }

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    public IReadOnlyList<byte[]> Subtrees => _subtrees;

    public void Append(byte[] leaf)
    {
        var hash = leaf;
        for (var rest = Size; (rest & 1) == 1; rest >>= 1)
        {
            hash = MerkleHash.Node(_subtrees[^1], hash);
            _subtrees.RemoveAt(_subtrees.Count - 1);
        }

        _subtrees.Add(hash);
        Size++;
    }

    public byte[] Root()
    {
        if (_subtrees.Count == 0)
        {
            return MerkleHash.Empty();
        }

        var root = _subtrees[^1];
        for (var at = _subtrees.Count - 2; at >= 0; at--)
        {
            root = MerkleHash.Node(_subtrees[at], root);
        }

        return root;
    }
}
