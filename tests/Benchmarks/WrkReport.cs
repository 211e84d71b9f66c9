using System.Globalization;
using System.Text.RegularExpressions;

namespace Benchmarks;

/// <summary>What wrk wrote: answers a second, the 99th percentile of the time to an answer in milliseconds, answers in all.</summary>
internal sealed partial record WrkReport(double PerSecond, double P99, long Requests)
{
    /// <param name="text">Its output, with <c>--latency</c>.</param>
    /// <param name="what">What was measured, for the fault.</param>
    /// <exception cref="InvalidOperationException">Not all answers were successes.</exception>
    public static WrkReport Read(string text, string what)
    {
        if (Refused().Match(text) is { Success: true } refused)
        {
            throw new InvalidOperationException($"{what} did not answer all with success: {refused.Value}");
        }

        var late = Percentile().Match(text);
        return new WrkReport(
            double.Parse(Rate().Match(text).Groups["rate"].Value, CultureInfo.InvariantCulture),
            double.Parse(late.Groups["time"].Value, CultureInfo.InvariantCulture) * late.Groups["unit"].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 },
            long.Parse(Answers().Match(text).Groups["count"].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"Non-2xx.*|Socket errors.*", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Refused();

    [GeneratedRegex(@"99%\s+(?<time>[\d.]+)(?<unit>us|ms|s)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Percentile();

    [GeneratedRegex(@"(?<count>\d+) requests in", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Answers();

    [GeneratedRegex(@"Requests/sec:\s+(?<rate>[\d.]+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Rate();
}
