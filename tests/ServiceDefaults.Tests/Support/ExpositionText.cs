using System.Globalization;
using System.Text.RegularExpressions;

namespace ServiceDefaults.Tests.Support;

/// <summary>Reads Prometheus text (0.0.4) or OpenMetrics (1.0) strictly and fails at the first breach of the format.</summary>
internal static partial class ExpositionText
{
    public static void Check(string text, bool openMetrics)
    {
        Assert.EndsWith(openMetrics ? "# EOF\n" : "\n", text, StringComparison.Ordinal);
        HashSet<string> families = [];
        HashSet<string> series = [];
        Dictionary<string, double> lastBucket = [];
        (string Name, string Type) family = ("", "");
        foreach (string line in text.Split('\n')[..^1])
        {
            if (line == "# EOF")
            {
                Assert.True(openMetrics);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] parts = line.Split(' ');
                Assert.Equal(4, parts.Length);
                family = (parts[2], parts[3]);
                Assert.True(families.Add(family.Name), $"twice: {family.Name}");
                Assert.Contains(family.Type, (string[])(openMetrics ? ["counter", "gauge", "histogram", "info"] : ["counter", "gauge", "histogram"]));
            }
            else if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Assert.StartsWith($"# HELP {family.Name} ", line, StringComparison.Ordinal);
                Assert.DoesNotMatch(@"\\(?![\\n""])", line.Replace(@"\\", "", StringComparison.Ordinal));
            }
            else
            {
                Match sample = Sample().Match(line);
                Assert.True(sample.Success, $"not a sample: {line}");
                CheckSample(sample, family, openMetrics, lastBucket);
                Assert.True(series.Add(line[..line.LastIndexOf(' ')]), $"twice: {line}");
            }
        }

        Assert.NotEmpty(series);
    }

    private static void CheckSample(Match sample, (string Name, string Type) family, bool openMetrics, Dictionary<string, double> lastBucket)
    {
        string name = sample.Groups["name"].Value;
        string[] allowed = family.Type switch
        {
            "counter" => [openMetrics ? $"{family.Name}_total" : family.Name],
            "histogram" => [$"{family.Name}_bucket", $"{family.Name}_sum", $"{family.Name}_count"],
            "info" => [$"{family.Name}_info"],
            _ => [family.Name],
        };
        Assert.Contains(name, allowed);
        string[] labels = [.. Label().Matches(sample.Groups["labels"].Value).Select(static label => label.Groups["label"].Value)];
        Assert.Equal(labels.Length, labels.Distinct(StringComparer.Ordinal).Count());
        double value = Number(sample.Groups["value"].Value);
        if (name == $"{family.Name}_bucket" && family.Type == "histogram")
        {
            string without = Bound().Replace(sample.Value[..sample.Value.LastIndexOf(' ')], "");
            Assert.True(value >= lastBucket.GetValueOrDefault(without), $"buckets fall: {sample.Value}");
            lastBucket[without] = value;
        }
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\{([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (?<value>[+-]?(?:Inf|\d[0-9.eE+-]*)|NaN)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\\n]|\\[\\"n])*""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Label();

    [GeneratedRegex("""le="[^"]*""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bound();
}
