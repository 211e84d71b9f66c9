using System.Net;
using System.Text.Json;
using ServiceDefaults.Contracts;

namespace AuditService.Recording;

/// <summary>
/// Makes the values of one record fit for PostgreSQL and remembers what it changed: a record is never lost because a
/// client put something hostile into it. Marks read <c>field:what</c>, with what one of <c>truncated</c>,
/// <c>replaced</c>, <c>redacted</c>, <c>unreadable</c>, <c>unknown</c>.
/// </summary>
internal sealed class Cleaning(int largestDocument)
{
    /// <summary>How a value is written that this build has no name for.</summary>
    public const string Unknown = "unknown";

    private readonly SortedSet<string> _marks = new(StringComparer.Ordinal);

    public string[] Marks => [.. _marks];

    /// <summary>Whether something was met that this build does not know.</summary>
    public bool MetUnknown { get; private set; }

    public string? Text(string field, string? value, int longest)
    {
        if (value is null)
        {
            return null;
        }

        var clean = CleanText.Of(value);
        if (!ReferenceEquals(clean, value))
        {
            _marks.Add($"{field}:replaced");
        }

        if (clean.Length <= longest)
        {
            return clean;
        }

        _marks.Add($"{field}:truncated");
        return CleanText.Cut(clean, longest);
    }

    public string Name<TEnum>(string field, TEnum value)
        where TEnum : struct, Enum
    {
        if (Enum.IsDefined(value))
        {
            return Judgement.NameOf(value);
        }

        MetUnknown = true;
        _marks.Add($"{field}:unknown");
        return Unknown;
    }

    /// <summary>One that the catalogue does not have stays as it is.</summary>
    public string Action(string? name)
    {
        var clean = Text("action", name, 100) ?? "";
        if (ActionCatalogue.Find(clean) is null)
        {
            _marks.Add($"action:{Unknown}");
        }

        return clean;
    }

    public IPAddress? Address(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (IPAddress.TryParse(text, out var address))
        {
            return address.Plain();
        }

        _marks.Add("address:unreadable");
        return null;
    }

    /// <summary>The document as JSON text, with secrets out; a larger one than allowed is replaced by its beginning.</summary>
    public string? Document(string field, JsonElement? document)
    {
        if (document is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } value)
        {
            return null;
        }

        var clean = CleanJson.Of(value, out var changes);
        if (changes.HasFlag(JsonChanges.Replaced))
        {
            _marks.Add($"{field}:replaced");
        }

        if (changes.HasFlag(JsonChanges.Redacted))
        {
            _marks.Add($"{field}:redacted");
        }

        if (clean.Length <= largestDocument)
        {
            return clean;
        }

        _marks.Add($"{field}:truncated");
        return JsonSerializer.Serialize(new { truncated = clean.Length, beginning = CleanText.Cut(clean, largestDocument / 2) });
    }
}
