using System.Text;

namespace ServiceDefaults.Telemetry;

/// <summary>All samples of one name, which the format wants together under one type.</summary>
internal sealed class MetricFamily(string name, string type, string help)
{
    private readonly StringBuilder _samples = new();
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);

    public string Type => type;

    public void Sample(string sample, string labels, string value)
    {
        // The same series twice makes a scraper refuse the whole page.
        if (_series.Add($"{sample}{labels}"))
        {
            _samples.Append(sample).Append(labels).Append(' ').Append(value).Append('\n');
        }
    }

    public override string ToString() => _samples.Length == 0 ? "" : new StringBuilder()
        .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n')
        .Append("# HELP ").Append(name).Append(' ').Append(Escape(help)).Append('\n')
        .Append(_samples).ToString();

    private static string Escape(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\r", "", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\"", "'", StringComparison.Ordinal);
}
