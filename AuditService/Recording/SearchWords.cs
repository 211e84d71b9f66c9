using System.Text;
using System.Text.Json;

namespace AuditService.Recording;

/// <summary>
/// Cuts text into the words that the search finds: runs of letters and digits, in lower case. Record and question go
/// through the same cut, so that an address or an id, which falls apart into several words, is found by all of them.
/// </summary>
internal static class SearchWords
{
    private const int LongestWord = 64;
    private const int LongestRune = 2;
    private const int Most = 256;

    public static string[] Of(AuditRow row)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in (ReadOnlySpan<string?>)
            [
                row.Action, row.ActorId, row.ActorName, row.ResourceType, row.ResourceId, row.Method, row.Path, row.RequestId,
                row.TraceId, row.SessionId, row.Address?.ToString(), row.UserAgent,
            ])
        {
            Cut(text, words);
        }

        foreach (var document in (ReadOnlySpan<string?>)[row.Detail, row.After, row.Before])
        {
            CutDocument(document, words);
        }

        return [.. words];
    }

    public static string[] Of(string question)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        Cut(question, words);
        return [.. words];
    }

    private static void CutDocument(string? json, HashSet<string> words)
    {
        if (json is not null)
        {
            using var document = JsonDocument.Parse(json);
            CutValues(document.RootElement, words);
        }
    }

    private static void CutValues(JsonElement value, HashSet<string> words)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    CutValues(member.Value, words);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    CutValues(item, words);
                }

                break;
            case JsonValueKind.String or JsonValueKind.Number:
                Cut(value.ToString(), words);
                break;
        }
    }

    private static void Cut(string? text, HashSet<string> words)
    {
        // For every letter of every record: nothing is allocated but the words.
        var known = words.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> word = stackalloc char[LongestWord + LongestRune];
        var length = 0;
        foreach (var letter in (text ?? "").EnumerateRunes())
        {
            if (!Rune.IsLetterOrDigit(letter))
            {
                Take(word[..length], known);
                length = 0;
            }
            else if (length <= LongestWord)
            {
                length += Rune.ToLowerInvariant(letter).EncodeToUtf16(word[length..]);
            }
        }

        Take(word[..length], known);
    }

    private static void Take(ReadOnlySpan<char> word, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> words)
    {
        if (word.Length > LongestWord)
        {
            word = word[..(char.IsHighSurrogate(word[LongestWord - 1]) ? LongestWord - 1 : LongestWord)];
        }

        if (word.Length > 0 && words.Set.Count < Most)
        {
            words.Add(word);
        }
    }
}
