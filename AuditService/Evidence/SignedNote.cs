using System.Text;

namespace AuditService.Evidence;

/// <summary>C2SP signed-note: a text, an empty line, and lines of signatures.</summary>
internal static class SignedNote
{
    private const string Dash = "— ";

    /// <summary>Signs a text, which ends in a line feed.</summary>
    public static string Sign(string text, NoteKey key)
    {
        var signature = Convert.ToBase64String([.. key.Id, .. key.Sign(Encoding.UTF8.GetBytes(text))]);
        return $"{text}\n{Dash}{key.Name} {signature}\n";
    }

    /// <summary>The text of a note whose signature by the key holds; else null.</summary>
    public static string? Open(string note, NoteKey key) =>
        Split(note) is var (text, signatures) && signatures.Any(line => IsOf(line, text, key)) ? text : null;

    /// <summary>The text of a note, whoever signed it; null when it has not the form of one.</summary>
    public static string? TextOf(string note) => Split(note)?.Text;

    private static (string Text, string[] Signatures)? Split(string note)
    {
        var at = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (at < 0 || !note.EndsWith('\n'))
        {
            return null;
        }

        var signatures = note[(at + 2)..].TrimEnd('\n').Split('\n');
        return signatures.All(line => line.StartsWith(Dash, StringComparison.Ordinal)) ? (note[..(at + 1)], signatures) : null;
    }

    private static bool IsOf(string line, string text, NoteKey key)
    {
        var parts = line[Dash.Length..].Split(' ');
        var signature = new byte[line.Length];
        return parts.Length == 2 && parts[0] == key.Name
            && Convert.TryFromBase64String(parts[1], signature, out var length)
            && length > key.Id.Length && signature.AsSpan(0, key.Id.Length).SequenceEqual(key.Id)
            && key.Verify(Encoding.UTF8.GetBytes(text), signature.AsSpan(key.Id.Length, length - key.Id.Length));
    }
}
