using System.Globalization;
using Benchmarks;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
return args switch
{
    ["start"] => await StartBenchmark.RunAsync(),
    ["login"] => await LoginBenchmark.RunAsync(),
    ["outbox"] => await OutboxBenchmark.RunAsync(),
    ["log"] => await LogBenchmark.RunAsync(),
    ["limits"] => await LimitBenchmark.RunAsync(),
    ["heartbeats"] => await HeartbeatBenchmark.RunAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Benchmarks -- start | login | outbox | heartbeats | limits | log");
    return 2;
}
