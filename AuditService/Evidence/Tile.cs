namespace AuditService.Evidence;

/// <summary>
/// Up to 256 neighbouring hashes of one level of the tree, as C2SP tlog-tiles cuts it: level 0 has the leaves, each
/// level above the roots of the tiles below it. A tile only grows, and once full it never changes.
/// </summary>
/// <param name="Level">0 for leaves.</param>
/// <param name="Number">Of the tile within its level.</param>
/// <param name="Hashes">One after the other.</param>
internal readonly record struct Tile(short Level, long Number, ReadOnlyMemory<byte> Hashes)
{
    /// <summary>Hashes of a full tile.</summary>
    public const int Width = 256;

    /// <summary>Bits of <see cref="Width"/>.</summary>
    public const int Height = 8;
}
