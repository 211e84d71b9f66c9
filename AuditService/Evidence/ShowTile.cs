using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using ServiceDefaults.Problems;

namespace AuditService.Evidence;

/// <summary>
/// Tiles of the tree by the paths of C2SP tlog-tiles: <c>tile/0/x001/234</c> is full, <c>tile/0/x001/235.p/17</c> has the
/// first 17 hashes. A hash tells nothing of its record, so a tenant may read all of them.
/// </summary>
internal static class ShowTile
{
    private const int Digits = 3;
    private const short Highest = 63 / Tile.Height;

    public static async Task<Results<FileContentHttpResult, ProblemHttpResult>> HandleAsync(
        short level, string number, NpgsqlDataSource database, HttpResponse response, CancellationToken cancellationToken)
    {
        if (level is < 0 or > Highest || Parse(number) is not var (tile, width))
        {
            return Problem.NotFound("There is no such tile.");
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = await TreeStore.TilesAsync(connection, [(level, tile)], cancellationToken);
        if (!found.TryGetValue((level, tile), out var hashes) || hashes.Length < width * MerkleHash.Size)
        {
            return Problem.NotFound("There is no such tile.");
        }

        response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return TypedResults.File(hashes[..(width * MerkleHash.Size)].ToArray(), "application/octet-stream");
    }

    /// <summary>Number and width: groups of three digits, all but the last with an x before them.</summary>
    internal static (long Number, int Width)? Parse(string path)
    {
        var parts = path.Split('/');
        var width = Tile.Width;
        if (parts.Length > 1 && parts[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= Tile.Width)
            {
                return null;
            }

            parts = [.. parts[..^2], parts[^2][..^2]];
        }

        long number = 0;
        for (var at = 0; at < parts.Length; at++)
        {
            var isLast = at == parts.Length - 1;
            var digits = isLast ? parts[at] : parts[at].StartsWith('x') ? parts[at][1..] : "";
            if (parts.Length > 6 || digits.Length != Digits || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var group))
            {
                return null;
            }

            number = (number * 1000) + group;
        }

        return (number, width);
    }
}
