using System.Globalization;
using Benchmarks;
using Benchmarks.Identity;
using Benchmarks.Proxying;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
return args switch
{
    ["start"] => await StartBenchmark.RunAsync(),
    ["login"] => await LoginBenchmark.RunAsync(),
    ["enumeration"] => await EnumerationBenchmark.RunAsync(),
    ["outbox"] => await OutboxBenchmark.RunAsync(),
    ["outbox", "throughput"] => await OutboxThroughput.RunAsync(10_000_000),
    ["outbox", "throughput", var backlog] => await OutboxThroughput.RunAsync(long.Parse(backlog, CultureInfo.InvariantCulture)),
    ["log"] => await LogBenchmark.RunAsync(),
    ["tokens"] => await TokenBenchmark.RunAsync(),
    ["revoke"] => await RevokeBenchmark.RunAsync(1000),
    ["revoke", var revocations] => await RevokeBenchmark.RunAsync(int.Parse(revocations, CultureInfo.InvariantCulture)),
    ["limits"] => await LimitBenchmark.RunAsync(),
    ["heartbeats"] => await HeartbeatBenchmark.RunAsync(),
    ["identity"] => await IdentityBenchmark.RunAsync(),
    ["audit"] => await AuditBenchmark.RunAsync(TimeSpan.FromSeconds(60), 1_000_000),
    ["audit", var seconds, var records] => await AuditBenchmark.RunAsync(
        TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)), long.Parse(records, CultureInfo.InvariantCulture)),
    ["gateway"] => await ProxyBenchmark.RunAsync(),
    [ProxyBenchmark.Command] => await ProxyBenchmark.CompareAsync(),
    [BareProxy.Command, var url, var settings] => await BareProxy.RunAsync(url, settings),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Benchmarks -- start | login | enumeration | outbox [throughput [BACKLOG]] | heartbeats | audit [SECONDS RECORDS] | log | limits | gateway | identity | tokens | revoke [COUNT]");
    return 2;
}
