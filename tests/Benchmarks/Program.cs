using System.Globalization;
using Benchmarks;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
return args switch
{
    ["start"] => await StartBenchmark.RunAsync(),
    ["login"] => await LoginBenchmark.RunAsync(),
    ["outbox"] => await OutboxBenchmark.RunAsync(),
    ["log"] => await LogBenchmark.RunAsync(),
    ["tokens"] => await TokenBenchmark.RunAsync(),
    ["revoke"] => await RevokeBenchmark.RunAsync(1000),
    ["revoke", var revocations] => await RevokeBenchmark.RunAsync(int.Parse(revocations, CultureInfo.InvariantCulture)),
    ["heartbeats"] => await HeartbeatBenchmark.RunAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Benchmarks -- start | login | outbox | heartbeats | log | tokens | revoke [COUNT]");
    return 2;
}
