using System.Globalization;

namespace AuditService.Evidence;

/// <summary>
/// What the log was at some moment, in the form of C2SP tlog-checkpoint: origin, number of leaves, root, and one
/// extension line with the time.
/// </summary>
internal sealed record Checkpoint(string Origin, long Size, byte[] Root, DateTimeOffset At)
{
    private const string TimeLine = "time ";
    private const int Lines = 4;

    /// <summary>The text that is signed.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n{TimeLine}{At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'}\n");

    public string Sign(NoteKey key) => SignedNote.Sign(Text, key);

    /// <summary>The checkpoint of a note that the key signed; null when it did not or when the text is none.</summary>
    public static Checkpoint? Open(string note, NoteKey key) =>
        SignedNote.Open(note, key) is { } text && Parse(text) is { } read && read.Origin == key.Name ? read : null;

    /// <summary>The number of leaves that a note says, whoever signed it; null when the text is none.</summary>
    public static long? SizeOf(string note)
    {
        var line = note.IndexOf('\n', StringComparison.Ordinal) + 1;
        var end = line == 0 ? -1 : note.IndexOf('\n', line);
        return end > 0 && long.TryParse(note.AsSpan(line, end - line), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null;
    }

    public static Checkpoint? Parse(string text)
    {
        var lines = text.Split('\n');
        var root = new byte[MerkleHash.Size + 1];
        return lines.Length == Lines + 1 && lines[Lines].Length == 0
            && long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && Convert.TryFromBase64String(lines[2], root, out var length) && length == MerkleHash.Size
            && lines[3].StartsWith(TimeLine, StringComparison.Ordinal)
            && DateTimeOffset.TryParse(lines[3][TimeLine.Length..], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? new Checkpoint(lines[0], size, root[..length], at)
                : null;
    }
}
