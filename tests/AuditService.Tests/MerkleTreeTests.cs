using AuditService.Evidence;

namespace AuditService.Tests;

/// <summary>The tree of RFC 9162, 2.1, by the leaves and hashes that Certificate Transparency's own tests publish.</summary>
public sealed class MerkleTreeTests
{
    private static readonly string[] PublishedLeaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] PublishedRoots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly string[] PublishedPath =
    [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];

    [Fact]
    public void Root_OfThePublishedLeaves_IsThePublishedOne()
    {
        var (edge, frontier) = (new TileEdge(), new MerkleFrontier());
        for (var size = 0; size <= PublishedLeaves.Length; size++)
        {
            Assert.Equal(PublishedRoots[size], Convert.ToHexStringLower(edge.Root()));
            Assert.Equal(PublishedRoots[size], Convert.ToHexStringLower(frontier.Root()));
            if (size < PublishedLeaves.Length)
            {
                var leaf = MerkleHash.Leaf(Convert.FromHexString(PublishedLeaves[size]));
                edge.Append(leaf);
                frontier.Append(leaf);
            }
        }
    }

    [Fact]
    public void Inclusion_InThePublishedTree_IsThePublishedPath()
    {
        var tree = Tree(PublishedLeaves.Select(leaf => MerkleHash.Leaf(Convert.FromHexString(leaf))));
        Assert.Equal(PublishedPath, tree.Inclusion(0, 8).Select(Convert.ToHexStringLower));
    }

    [Fact]
    public void Proofs_OfEverySizeTo130_Hold()
    {
        const int largest = 130;
        var tree = Tree(Leaves(largest));
        var roots = Enumerable.Range(0, largest + 1).Select(size => tree.Root(size)).ToList();
        for (var size = 1; size <= largest; size++)
        {
            for (var index = 0; index < size; index++)
            {
                Assert.True(MerkleProofs.Includes(index, size, tree.Leaf(index), tree.Inclusion(index, size), roots[size]), $"{index} in {size}");
            }

            for (var smaller = 0; smaller <= size; smaller++)
            {
                Assert.True(MerkleProofs.Extends(smaller, roots[smaller], size, roots[size], tree.Consistency(smaller, size)), $"{smaller} to {size}");
            }
        }
    }

    [Fact]
    public void Proofs_OfLargeTrees_HoldAndNoOtherDoes()
    {
        const int largest = 70_000; // three levels of tiles
        var tree = Tree(Leaves(largest));
        var random = new Random(20261121);
        for (var turn = 0; turn < 40; turn++)
        {
            var size = random.Next(257, largest + 1);
            var index = random.Next(size);
            AssertInclusion(tree, index, size);
            AssertConsistency(tree, random.Next(1, size), size);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_536)]
    [InlineData(65_791)]
    public void Edge_GoneOnFromStoredTiles_MakesTheSameTree(int size)
    {
        var leaves = Leaves(size + 300).ToList();
        var edge = new TileEdge();
        leaves.Take(size).ToList().ForEach(leaf => edge.Append(leaf));
        var open = edge.TakeChanged().Where(tile => tile.Hashes.Length < Tile.Width * MerkleHash.Size).ToList();

        var next = new TileEdge(size, open);
        Assert.Equal(edge.Root(), next.Root());
        var frontier = new MerkleFrontier(size, Tree(leaves.Take(size)).Frontier(size));
        foreach (var leaf in leaves.Skip(size))
        {
            next.Append(leaf);
            frontier.Append(leaf);
            Assert.Equal(frontier.Root(), next.Root());
        }
    }

    private static void AssertInclusion(TileTree tree, long index, long size)
    {
        var (leaf, root) = (tree.Leaf(index), tree.Root(size));
        var path = tree.Inclusion(index, size);
        Assert.True(MerkleProofs.Includes(index, size, leaf, path, root));
        foreach (var altered in Alterations(path))
        {
            Assert.False(MerkleProofs.Includes(index, size, leaf, altered, root));
        }

        Assert.False(MerkleProofs.Includes(index ^ 1, size, leaf, path, root));
        Assert.False(MerkleProofs.Includes(index, size, Flipped(leaf), path, root));
        Assert.False(MerkleProofs.Includes(index, size, leaf, path, Flipped(root)));
        Assert.False(MerkleProofs.Includes(size, size, leaf, path, root));
        Assert.False(MerkleProofs.Includes(-1, size, leaf, path, root));
    }

    private static void AssertConsistency(TileTree tree, long smaller, long larger)
    {
        var (before, after) = (tree.Root(smaller), tree.Root(larger));
        var path = tree.Consistency(smaller, larger);
        Assert.True(MerkleProofs.Extends(smaller, before, larger, after, path));
        foreach (var altered in Alterations(path))
        {
            Assert.False(MerkleProofs.Extends(smaller, before, larger, after, altered));
        }

        Assert.False(MerkleProofs.Extends(smaller, Flipped(before), larger, after, path));
        Assert.False(MerkleProofs.Extends(smaller, before, larger, Flipped(after), path));
        Assert.False(MerkleProofs.Extends(larger, after, smaller, before, path));
    }

    private static IEnumerable<IReadOnlyList<byte[]>> Alterations(List<byte[]> path)
    {
        for (var at = 0; at < path.Count; at++)
        {
            yield return [.. path[..at], Flipped(path[at]), .. path[(at + 1)..]];
            yield return [.. path[..at], .. path[(at + 1)..]];
            yield return [.. path[..at], path[at][..^1], .. path[(at + 1)..]];
        }

        yield return [.. path, MerkleHash.Empty()];
    }

    private static byte[] Flipped(byte[] hash) => [(byte)(hash[0] ^ 1), .. hash[1..]];

    private static IEnumerable<byte[]> Leaves(int count) => Enumerable.Range(0, count).Select(number => MerkleHash.Leaf(BitConverter.GetBytes(number)));

    private static TileTree Tree(IEnumerable<byte[]> leaves)
    {
        var edge = new TileEdge();
        foreach (var leaf in leaves)
        {
            edge.Append(leaf);
        }

        var tiles = edge.TakeChanged().ToDictionary(tile => (tile.Level, tile.Number), tile => tile.Hashes);
        return new TileTree(tile => tiles[tile]);
    }
}
