using System.Text;

namespace Gateway.RateLimits;

/// <summary>Collects what partitions used and want. Safe for concurrent use: the rounds, and beside them the way back to Redis.</summary>
internal sealed class UsageCount
{
    private readonly Lock _gate = new();

    /// <summary>What is to be told to Redis, and asked of it.</summary>
    public List<Ask> AskFor(IEnumerable<Partition> partitions, long now, RateLimitOptions options)
    {
        StringBuilder usage = new();
        lock (_gate)
        {
            return [.. partitions.Select(partition =>
            {
                var demand = Collect(partition, now, options);
                partition.WriteUsage(now, usage.Clear());
                return new Ask(partition, demand, usage.ToString());
            })];
        }
    }

    /// <summary>Gives each partition this gateway's share.</summary>
    public void Serve(List<Partition> partitions, int gateways, long now, RateLimitOptions options)
    {
        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                partition.GrantLocally(
                    Collect(partition, now, options), gateways, now, now + Milliseconds(options.Lease), Milliseconds(options.Pace));
            }
        }
    }

    public static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    // Taken at some moment since the last round.
    private static Demand Collect(Partition partition, long now, RateLimitOptions options) =>
        partition.Collect(now, now - (Milliseconds(options.Pace) / 2));
}
