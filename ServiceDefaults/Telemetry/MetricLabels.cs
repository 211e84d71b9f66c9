using System.Globalization;
using System.Text;
using OpenTelemetry;

namespace ServiceDefaults.Telemetry;

/// <summary>The label set of a series, in the order of names.</summary>
internal static class MetricLabels
{
    private const int LongestValue = 1024;

    public static string Of(ReadOnlyTagCollection tags, string scope)
    {
        SortedDictionary<string, string> labels = new(StringComparer.Ordinal) { ["otel_scope_name"] = scope };
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            Add(labels, tag.Key, tag.Value);
        }

        return Write(labels);
    }

    public static string Of(IEnumerable<KeyValuePair<string, object>> attributes)
    {
        SortedDictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach ((string name, object value) in attributes)
        {
            Add(labels, name, value);
        }

        return Write(labels);
    }

    public static string With(string labels, string name, string value) =>
        labels.Length == 0 ? $"{{{name}=\"{value}\"}}" : $"{labels[..^1]},{name}=\"{value}\"}}";

    private static void Add(SortedDictionary<string, string> labels, string name, object? value)
    {
        string label = PrometheusName.Label(name);
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

        // Two names that become one are joined, as the specification says.
        labels[label] = labels.TryGetValue(label, out string? other) ? $"{other};{text}" : text;
    }

    private static string Write(SortedDictionary<string, string> labels)
    {
        if (labels.Count == 0)
        {
            return "";
        }

        StringBuilder text = new("{");
        foreach ((string name, string value) in labels)
        {
            text.Append(text.Length > 1 ? "," : "").Append(name).Append("=\"").Append(Escape(value)).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static string Escape(string value) => (value.Length > LongestValue ? value[..LongestValue] : value)
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
