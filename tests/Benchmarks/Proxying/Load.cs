using System.Globalization;
using System.Text.RegularExpressions;

namespace Benchmarks.Proxying;

/// <summary>What wrk measured: answers a second, and the 99th percentile of the time to an answer in milliseconds.</summary>
internal sealed partial record Load(double PerSecond, double P99, long Requests)
{
    private const int Connections = 64;

    /// <summary>As many requests as 64 connections carry.</summary>
    public static Task<Load> SaturateAsync(int core, int seconds, Uri address, string token) => RunAsync(core, seconds, address, token, null);

    /// <summary>A rate below the limit: each connection pauses between requests, around the mean that gives the rate.</summary>
    public static async Task<Load> PaceAsync(int core, int seconds, Uri address, string token, double perSecond)
    {
        var script = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var longest = (int)Math.Round(2000.0 * Connections / perSecond);
        await File.WriteAllTextAsync(script, $"function delay() return math.random(0, {longest}) end");
        try
        {
            return await RunAsync(core, seconds, address, token, script);
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static async Task<Load> RunAsync(int core, int seconds, Uri address, string token, string? script)
    {
        string[] pace = script is null ? [] : ["-s", script];
        var text = await PinnedProcess.RunAsync(
            core, ["wrk", "-t1", $"-c{Connections}", $"-d{seconds}s", "--latency", .. pace, "-H", $"Authorization: Bearer {token}", address.AbsoluteUri]);
        if (Refused().Match(text) is { Success: true } refused)
        {
            throw new InvalidOperationException($"{address} did not answer all with success: {refused.Value}");
        }

        var late = Percentile().Match(text);
        return new Load(
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
