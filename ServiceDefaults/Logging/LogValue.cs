using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace ServiceDefaults.Logging;

internal static class LogValue
{
    private const int MostItems = 50;
    private const int LongestText = 8 * 1024;

    public static void Write(Utf8JsonWriter json, string name, object? value)
    {
        json.WritePropertyName(name);
        if (value is not null && Redaction.IsSecret(name))
        {
            json.WriteStringValue(Redaction.Mark);
        }
        else
        {
            Write(json, value);
        }
    }

    /// <summary>Keeps one value from filling the queue's memory.</summary>
    public static string Limit(string text) => text.Length > LongestText ? text[..LongestText] : text;

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                WriteText(json, text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case DateTimeOffset time:
                json.WriteStringValue(time);
                break;
            case Guid id:
                json.WriteStringValue(id);
                break;
            case IEnumerable items:
                WriteItems(json, items);
                break;
            default:
                WriteText(json, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                break;
        }
    }

    private static void WriteItems(Utf8JsonWriter json, IEnumerable items)
    {
        json.WriteStartArray();
        int count = 0;
        foreach (object? item in items)
        {
            if (count++ == MostItems)
            {
                json.WriteStringValue("…");
                break;
            }

            WriteText(json, item switch
            {
                // A dictionary's entry carries a name, which decides like any other.
                KeyValuePair<string, object?> pair when Redaction.IsSecret(pair.Key) => $"{pair.Key}={Redaction.Mark}",
                KeyValuePair<string, string> pair when Redaction.IsSecret(pair.Key) => $"{pair.Key}={Redaction.Mark}",
                DictionaryEntry { Key: string key } when Redaction.IsSecret(key) => $"{key}={Redaction.Mark}",
                _ => Convert.ToString(item, CultureInfo.InvariantCulture) ?? "null",
            });
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, string text) => json.WriteStringValue(Redaction.Text(Limit(text)));
}
