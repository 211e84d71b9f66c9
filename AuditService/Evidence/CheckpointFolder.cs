using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;

namespace AuditService.Evidence;

/// <summary>
/// Checkpoints outside the database: one file a day, to which signed notes are appended, each followed by a line of three
/// dashes. What was cut off by a crash is passed over when reading.
/// </summary>
internal sealed class CheckpointFolder(IOptions<EvidenceOptions> options)
{
    /// <summary>Line between two notes.</summary>
    public const string Divider = "---\n";

    /// <summary>File with the verification key, for whoever copies the folder.</summary>
    public const string KeyFile = "verification.key";

    private const string Extension = ".checkpoints";

    private string Folder => options.Value.CheckpointFolder;

    /// <summary>Returns when the note is on the disk.</summary>
    /// <exception cref="IOException">The disk is full or gone.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Append(string note, DateTimeOffset at)
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + Extension);
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        var isWhole = file.Length == 0 || EndsWhole(path);
        file.Write(Encoding.UTF8.GetBytes($"{(isWhole ? "" : "\n" + Divider)}{note}{Divider}"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Publishes the verification key beside the checkpoints.</summary>
    public void WriteKey(NoteKey key)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, KeyFile), key.Text + "\n");
    }

    /// <summary>
    /// The checkpoints that the key signed for trees of one size up to another, smallest first. Of each day's file only the
    /// ends are read, but for the days that are asked for: what this costs does not grow with the age of the log.
    /// </summary>
    public List<Checkpoint> Read(NoteKey key, long from, long to) =>
    [
        .. Files().Where(file => file.Least <= to && file.Most >= from).SelectMany(file => Notes(file.Path))
            .Where(note => Checkpoint.SizeOf(note) is { } size && size >= from && size <= to)
            .Select(note => Checkpoint.Open(note, key)).OfType<Checkpoint>().OrderBy(checkpoint => checkpoint.Size),
    ];

    /// <summary>The one for the largest tree; null when there is none.</summary>
    public Checkpoint? Last(NoteKey key)
    {
        Checkpoint? last = null;
        foreach (var file in Files().OrderByDescending(file => file.Most))
        {
            if (last is not null && file.Most <= last.Size)
            {
                break;
            }

            // The largest first, so that hardly ever more than one signature is verified.
            var largest = Notes(file.Path).OrderByDescending(note => Checkpoint.SizeOf(note) ?? -1).Select(note => Checkpoint.Open(note, key))
                .FirstOrDefault(checkpoint => checkpoint is not null);
            last = largest?.Size > (last?.Size ?? -1) ? largest : last;
        }

        return last;
    }

    /// <summary>The notes of one file, whole or not.</summary>
    public static IEnumerable<string> Notes(string path)
    {
        var note = new StringBuilder();
        foreach (var line in File.ReadLines(path))
        {
            if (line == "---")
            {
                yield return note.ToString();
                note.Clear();
                continue;
            }

            note.Append(line).Append('\n');
        }

        if (note.Length > 0)
        {
            yield return note.ToString();
        }
    }

    private List<DayFile> Files() => !Directory.Exists(Folder)
        ? []
        : [.. Directory.EnumerateFiles(Folder, "*" + Extension).Select(DayFile.Of)];

    private static bool EndsWhole(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> end = stackalloc byte[Divider.Length];
        return file.Length >= end.Length && file.Seek(-end.Length, SeekOrigin.End) >= 0
            && file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false) == end.Length
            && end.SequenceEqual("---\n"u8);
    }
}
