namespace Benchmarks.Proxying;

/// <summary>Rounds of load that alternate between proxies, so that a change of the machine's speed meets all alike.</summary>
/// <param name="loadCore">The core that the load has.</param>
/// <param name="signIn">Gives a token that is good for every address; the whole comparison outlasts one.</param>
internal sealed class ProxyComparison(int loadCore, Func<Task<string>> signIn)
{
    private const int Seconds = 3;
    private const int Rounds = 7;

    // Long enough for the opening of the connections to weigh less than a percentile.
    private const int PacedSeconds = 4;
    private const int PacedRounds = 15;

    // On one core tiered compilation takes its time: what is measured earlier is the compiler as well.
    private const int WarmUpSeconds = 80;

    /// <summary>Throughput of each beside the first, then percentiles at a quarter and at half of the first one's.</summary>
    public async Task CompareThroughputAsync((string Name, Uri Address)[] proxies)
    {
        var token = await signIn();
        var throughput = proxies.ToDictionary(proxy => proxy.Name, _ => new List<double>(), StringComparer.Ordinal);
        foreach (var (_, address) in proxies)
        {
            await Load.SaturateAsync(loadCore, WarmUpSeconds, address, token);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, address) in proxies)
            {
                throughput[name].Add((await Load.SaturateAsync(loadCore, Seconds, address, token)).PerSecond);
            }
        }

        var reference = Median(throughput[proxies[0].Name]);
        Console.WriteLine(FormattableString.Invariant($"median of {Rounds} rounds of {Seconds} s; one core each"));
        foreach (var (name, _) in proxies)
        {
            Console.WriteLine(FormattableString.Invariant($"{name,-28} {Median(throughput[name]),8:0}/s  {Median(throughput[name]) / reference,6:0.0%}"));
        }

        await CompareLatencyAsync(proxies, reference / 4);
        await CompareLatencyAsync(proxies, reference / 2);
    }

    private async Task CompareLatencyAsync((string Name, Uri Address)[] proxies, double rate)
    {
        var token = await signIn();
        var p99 = Array.ConvertAll(proxies, _ => new List<double>());
        var carried = Array.ConvertAll(proxies, _ => new List<double>());
        for (var round = 0; round < PacedRounds; round++)
        {
            foreach (var (index, (_, address)) in proxies.Index())
            {
                var load = await Load.PaceAsync(loadCore, PacedSeconds, address, token, rate);
                p99[index].Add(load.P99);
                carried[index].Add(load.PerSecond);
            }
        }

        foreach (var (index, (name, _)) in proxies.Index())
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{name,-28} at {Median(carried[index]):0}/s   p99 {Median(p99[index]),6:0.00} ms  {Median(p99[index]) / Median(p99[0]),6:0.0%}"));
        }
    }

    /// <summary>Processor time a request, and what it is more than the first one's.</summary>
    public async Task PriceAsync((string Name, Uri Address, PinnedProcess Proxy)[] rows)
    {
        Console.WriteLine("what each policy costs, in processor time of the proxy a request:");
        var token = await signIn();
        var costs = Array.ConvertAll(rows, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (row, (_, address, proxy)) in rows.Index())
            {
                var before = proxy.Used;
                var load = await Load.SaturateAsync(loadCore, Seconds, address, token);
                costs[row].Add((proxy.Used - before).TotalMicroseconds / load.Requests);
            }
        }

        foreach (var (row, (name, _, _)) in rows.Index())
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{name,-28} {Median(costs[row]),7:0.0} us   {Median(costs[row]) - Median(costs[0]),7:+0.0;-0.0} us"));
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
