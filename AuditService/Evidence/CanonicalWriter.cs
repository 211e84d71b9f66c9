using System.Buffers;
using System.Text;
using System.Text.Json;

namespace AuditService.Evidence;

/// <summary>
/// Writes JSON in the one form of RFC 8785 (JCS): no white space, members ordered by UTF-16 code units, the shortest
/// escapes, numbers as ECMAScript writes them. Used again and again, so that hashing a record allocates little.
/// </summary>
internal sealed class CanonicalWriter
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f");

    private readonly ArrayBufferWriter<byte> _written = new(1024);

    public ReadOnlySpan<byte> Written => _written.WrittenSpan;

    public static string Of(JsonElement value)
    {
        var writer = new CanonicalWriter();
        writer.Value(value);
        return Encoding.UTF8.GetString(writer.Written);
    }

    public void Clear() => _written.ResetWrittenCount();

    public void Raw(ReadOnlySpan<byte> json) => _written.Write(json);

    public void Value(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value);
                break;
            case JsonValueKind.Array:
                WriteArray(value);
                break;
            case JsonValueKind.String:
                Text(value.GetString()!);
                break;
            case JsonValueKind.Number:
                Raw(Encoding.ASCII.GetBytes(CanonicalNumber.Of(value.GetRawText())));
                break;
            case JsonValueKind.True:
                Raw("true"u8);
                break;
            case JsonValueKind.False:
                Raw("false"u8);
                break;
            default:
                Raw("null"u8);
                break;
        }
    }

    public void Text(string text)
    {
        Raw("\""u8);
        var rest = text.AsSpan();
        for (var at = rest.IndexOfAny(Escaped); at >= 0; at = rest.IndexOfAny(Escaped))
        {
            Utf8(rest[..at]);
            Escape(rest[at]);
            rest = rest[(at + 1)..];
        }

        Utf8(rest);
        Raw("\""u8);
    }

    private void WriteObject(JsonElement value)
    {
        Raw("{"u8);
        var isFirst = true;

        // Of members with one name the last counts, as in jsonb.
        var members = value.EnumerateObject().GroupBy(member => member.Name, StringComparer.Ordinal).Select(same => same.Last());
        foreach (var member in members.OrderBy(member => member.Name, StringComparer.Ordinal))
        {
            Raw(isFirst ? [] : ","u8);
            isFirst = false;
            Text(member.Name);
            Raw(":"u8);
            Value(member.Value);
        }

        Raw("}"u8);
    }

    private void WriteArray(JsonElement value)
    {
        Raw("["u8);
        var isFirst = true;
        foreach (var item in value.EnumerateArray())
        {
            Raw(isFirst ? [] : ","u8);
            isFirst = false;
            Value(item);
        }

        Raw("]"u8);
    }

    private void Utf8(ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, _written);

    private void Escape(char letter)
    {
        var escape = letter switch
        {
            '"' => "\\\""u8,
            '\\' => "\\\\"u8,
            '\b' => "\\b"u8,
            '\t' => "\\t"u8,
            '\n' => "\\n"u8,
            '\f' => "\\f"u8,
            '\r' => "\\r"u8,
            _ => [],
        };
        if (escape.Length > 0)
        {
            Raw(escape);
            return;
        }

        const string digits = "0123456789abcdef";
        Raw([(byte)'\\', (byte)'u', (byte)'0', (byte)'0', (byte)digits[letter >> 4], (byte)digits[letter & 15]]);
    }
}
