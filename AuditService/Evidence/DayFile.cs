using System.Text;

namespace AuditService.Evidence;

/// <summary>
/// A file of checkpoints and the sizes between which its trees are. They grow through a file, so its ends tell; a clock that
/// went back makes the bounds wider, never too narrow. Nothing here is verified: bounds only choose what to read.
/// </summary>
/// <param name="Path">Of the file.</param>
/// <param name="Least">Size of the smallest tree.</param>
/// <param name="Most">Size of the largest.</param>
internal sealed record DayFile(string Path, long Least, long Most)
{
    private const int End = 4096;

    public static DayFile Of(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
        long[] sizes = [.. Sizes(file, 0), .. Sizes(file, Math.Max(0, file.Length - End))];

        // Of a file whose ends are torn anything may be in the middle.
        return sizes.Length == 0 ? new DayFile(path, 0, long.MaxValue) : new DayFile(path, sizes.Min(), sizes.Max());
    }

    private static IEnumerable<long> Sizes(FileStream file, long from)
    {
        var bytes = new byte[End];
        file.Position = from;
        var text = Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, End, throwOnEndOfStream: false));
        return text.Split(CheckpointFolder.Divider).Select(Checkpoint.SizeOf).OfType<long>();
    }
}
