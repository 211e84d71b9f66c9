using System.Text;

namespace ServiceDefaults.Telemetry;

/// <summary>Names as the OpenTelemetry specification maps them to Prometheus: unit as a suffix, only letters, digits and underscores.</summary>
internal static class PrometheusName
{
    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["min"] = "minutes",
        ["h"] = "hours",
        ["d"] = "days",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["kBy"] = "kilobytes",
        ["MBy"] = "megabytes",
        ["Hz"] = "hertz",
        ["%"] = "percent",
        ["Cel"] = "celsius",
        ["m"] = "meters",
        ["V"] = "volts",
        ["A"] = "amperes",
        ["W"] = "watts",
    };

    /// <summary>The name of the metric's family, without the <c>_total</c> of a counter.</summary>
    public static string Family(string name, string unit, bool isGauge, bool isCounter)
    {
        string family = Clean(name);
        if (isCounter && family.EndsWith("_total", StringComparison.Ordinal))
        {
            family = family[..^"_total".Length];
        }

        string suffix = unit == "1" ? isGauge ? "ratio" : "" : Suffix(unit);
        return suffix.Length == 0 || family.EndsWith($"_{suffix}", StringComparison.Ordinal) ? family : $"{family}_{suffix}";
    }

    /// <summary>A valid label name.</summary>
    public static string Label(string name)
    {
        string clean = Clean(name);
        return clean.StartsWith("__", StringComparison.Ordinal) ? $"key{clean}" : clean; // "__" is reserved
    }

    private static string Suffix(string unit)
    {
        // {request} is an annotation, not a unit (UCUM).
        int open = unit.IndexOf('{', StringComparison.Ordinal);
        string bare = open < 0 ? unit : unit[..open];
        string[] parts = bare.Split('/', 2);
        string first = parts[0].Length == 0 ? "" : Units.GetValueOrDefault(parts[0]) ?? Clean(parts[0]);
        if (parts is [_, { Length: > 0 } per])
        {
            return $"{first}_per_{(Units.GetValueOrDefault(per) ?? Clean(per)).TrimEnd('s')}".TrimStart('_');
        }

        return first;
    }

    private static string Clean(string name)
    {
        StringBuilder clean = new(name.Length + 1);
        foreach (char one in name)
        {
            bool valid = char.IsAsciiLetterOrDigit(one);
            if (clean.Length == 0 && char.IsAsciiDigit(one))
            {
                clean.Append('_');
            }

            if (valid || clean.Length == 0 || clean[^1] != '_' || one == '_')
            {
                clean.Append(valid ? one : '_');
            }
        }

        return clean.Length == 0 ? "_" : clean.ToString();
    }
}
