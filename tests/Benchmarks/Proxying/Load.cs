namespace Benchmarks.Proxying;

/// <summary>Load on one proxy by wrk, held to a core.</summary>
internal static class Load
{
    private const int Connections = 64;

    /// <summary>As many requests as 64 connections carry.</summary>
    public static Task<WrkReport> SaturateAsync(int core, int seconds, Uri address, string token) => RunAsync(core, seconds, address, token, null);

    /// <summary>
    /// A rate below the limit: each connection pauses between requests, around the mean that gives the rate. Two seconds of
    /// it go unmeasured, for a proxy that stood idle: the percentile is that of a service at work.
    /// </summary>
    public static async Task<WrkReport> PaceAsync(int core, int seconds, Uri address, string token, double perSecond)
    {
        var script = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var longest = (int)Math.Round(2000.0 * Connections / perSecond);
        await File.WriteAllTextAsync(script, $"function delay() return math.random(0, {longest}) end");
        try
        {
            await RunAsync(core, 2, address, token, script);
            return await RunAsync(core, seconds, address, token, script);
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static async Task<WrkReport> RunAsync(int core, int seconds, Uri address, string token, string? script)
    {
        string[] pace = script is null ? [] : ["-s", script];
        var text = await PinnedProcess.RunAsync(
            core, ["wrk", "-t1", $"-c{Connections}", $"-d{seconds}s", "--latency", .. pace, "-H", $"Authorization: Bearer {token}", address.AbsoluteUri]);
        return WrkReport.Read(text, address.AbsoluteUri);
    }
}
