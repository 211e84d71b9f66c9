using System.Diagnostics;

namespace Benchmarks.Identity;

/// <summary>
/// What one kind of request did: answers a second, and processor time a request of the service, of PostgreSQL and of the
/// rest of the platform, which handles the events of it.
/// </summary>
internal sealed record IdentityLoad(string Name, double PerSecond, double P99, double Identity, double Postgres, double Others)
{
    /// <summary>What two cores would carry of the service and its database, without the load and the rest beside them.</summary>
    public double OnTwoCores => 2_000_000 / (Identity + Postgres);

    /// <summary>What the platform uses of a core while nobody asks it for anything; a part of every figure of the others.</summary>
    public static async Task<string> IdleAsync(int seconds)
    {
        using PeriodicTimer span = new(TimeSpan.FromSeconds(seconds));
        var before = ProcessTimes.Read();
        await span.WaitForNextTickAsync();
        var used = ProcessTimes.Read().Since(before);
        return FormattableString.Invariant(
            $"idle, of one core: service {used.Identity / seconds:0.000}   PostgreSQL {used.Postgres / seconds:0.000}   rest {used.Others / seconds:0.000}");
    }

    /// <summary>As many requests as the connections carry, by a script for wrk.</summary>
    public static async Task<IdentityLoad> RunAsync(string name, Uri address, string script, int connections, int seconds)
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(file, script);
        try
        {
            var before = ProcessTimes.Read();
            var text = await WrkAsync(["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", "--latency", "-s", file, address.AbsoluteUri]);
            var used = ProcessTimes.Read().Since(before);
            var report = WrkReport.Read(text, name);
            return new IdentityLoad(
                name,
                report.PerSecond,
                report.P99,
                used.Identity * 1e6 / report.Requests,
                used.Postgres * 1e6 / report.Requests,
                used.Others * 1e6 / report.Requests);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public override string ToString() => FormattableString.Invariant(
        $"{Name,-20} {PerSecond,7:0}/s   p99 {P99,7:0.0} ms   service {Identity,7:0} us   PostgreSQL {Postgres,5:0} us   rest {Others,5:0} us   two cores carry {OnTwoCores,6:0}/s");

    private static async Task<string> WrkAsync(string[] arguments)
    {
        using var wrk = Process.Start(new ProcessStartInfo("wrk", arguments) { UseShellExecute = false, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("wrk did not start.");
        var text = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        return text;
    }
}
