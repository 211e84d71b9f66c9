using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AuditService.Evidence;
using ServiceDefaults.Logging;

namespace AuditService.Recording;

/// <summary>What <see cref="CleanJson"/> had to change.</summary>
[Flags]
internal enum JsonChanges
{
    None = 0,
    Replaced = 1,
    Redacted = 2,
}

/// <summary>
/// Writes a document anew so that <c>jsonb</c> takes it: no <c>\u0000</c>, no lone surrogates, no numbers that a double
/// cannot hold as written (RFC 7493, 2.2), no member twice, no depth that another reader would refuse. A value under a secret's name is taken out, in case its writer forgot.
/// </summary>
internal static class CleanJson
{
    private const int Deepest = 32;
    private const int LongestNumber = 64;

    // Not for HTML: what is readable in the log stays readable.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(JsonElement document, out JsonChanges changes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        changes = JsonChanges.None;
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            Write(writer, document, 0, ref changes);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, int depth, ref JsonChanges changes)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object or JsonValueKind.Array when depth == Deepest:
                changes |= JsonChanges.Replaced;
                writer.WriteStringValue("[nested too deeply]");
                break;
            case JsonValueKind.Object:
                WriteObject(writer, value, depth, ref changes);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item, depth + 1, ref changes);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Text(TextOf(value), ref changes));
                break;
            case JsonValueKind.Number:
                WriteNumber(writer, value.GetRawText(), ref changes);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, JsonElement value, int depth, ref JsonChanges changes)
    {
        writer.WriteStartObject();
        var names = new HashSet<string>(StringComparer.Ordinal);

        // Of members with one name the last counts; jsonb would drop the others without a word.
        foreach (var member in value.EnumerateObject().Reverse())
        {
            var name = Text(NameOf(member), ref changes);
            if (!names.Add(name))
            {
                changes |= JsonChanges.Replaced;
                continue;
            }

            writer.WritePropertyName(name);
            if (IsSecret(name) && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.True or JsonValueKind.False))
            {
                changes |= JsonChanges.Redacted;
                writer.WriteStringValue(Redaction.Mark);
            }
            else
            {
                Write(writer, member.Value, depth + 1, ref changes);
            }
        }

        writer.WriteEndObject();
    }

    // The id of a secret is no secret, and reviewers need it.
    private static bool IsSecret(string name) =>
        !name.EndsWith("Id", StringComparison.Ordinal) && Redaction.IsSecret(name);

    private static void WriteNumber(Utf8JsonWriter writer, string number, ref JsonChanges changes)
    {
        if (number.Length <= LongestNumber && CanonicalNumber.IsExact(number))
        {
            writer.WriteRawValue(number);
            return;
        }

        changes |= JsonChanges.Replaced;
        writer.WriteStringValue(number.Length > LongestNumber ? number[..LongestNumber] : number);
    }

    private static string Text(string? text, ref JsonChanges changes)
    {
        var clean = CleanText.Of(text ?? "");
        if (!ReferenceEquals(clean, text))
        {
            changes |= JsonChanges.Replaced;
        }

        var open = Redaction.Text(clean);
        if (!ReferenceEquals(open, clean))
        {
            changes |= JsonChanges.Redacted;
        }

        return open;
    }

    // An escape of half a surrogate pair is well-formed JSON, and no string of .NET's reader: it is kept as written.
    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText();
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return "unreadable name";
        }
    }
}
