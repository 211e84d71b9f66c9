namespace Delivery.Battery;

/// <summary><c>Delivery run</c>: faults at random for as long as asked, then the verdict.</summary>
internal static class LongRun
{
    public static async Task<int> RunAsync(TimeSpan length, int seed)
    {
        Console.WriteLine($"seed {seed}, {length.TotalMinutes:0.#} min");
        var random = new Random(seed);
        await using var battery = await FaultBattery.StartAsync();
        var counts = battery.Faults.Keys.ToDictionary(name => name, _ => 0, StringComparer.Ordinal);
        string[] names = [.. battery.Faults.Keys];
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < length)
        {
            var name = names[random.Next(names.Length)];
            await battery.Faults[name]();
            counts[name]++;

            // One in three comes before those before it are over.
            if (random.Next(3) > 0)
            {
                await battery.FlowsAsync();
            }
        }

        await battery.FlowsAsync();
        var verdict = await battery.DrainAsync();
        foreach (var (name, count) in counts)
        {
            Console.WriteLine($"{count,6} × {name}");
        }

        Console.WriteLine(verdict);
        return verdict.Faults.Count == 0 ? 0 : 1;
    }
}
