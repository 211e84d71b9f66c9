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

    /// <summary>Every checkpoint in the folder that the key signed, oldest file first.</summary>
    public IEnumerable<Checkpoint> Read(NoteKey key) => !Directory.Exists(Folder)
        ? []
        : Directory.EnumerateFiles(Folder, "*" + Extension).Order(StringComparer.Ordinal).SelectMany(Notes)
            .Select(note => Checkpoint.Open(note, key)).OfType<Checkpoint>();

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

    private static bool EndsWhole(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> end = stackalloc byte[Divider.Length];
        return file.Length >= end.Length && file.Seek(-end.Length, SeekOrigin.End) >= 0
            && file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false) == end.Length
            && end.SequenceEqual("---\n"u8);
    }
}
