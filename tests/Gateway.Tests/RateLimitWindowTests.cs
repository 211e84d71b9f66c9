using System.Net;
using Gateway.RateLimits;

namespace Gateway.Tests;

/// <summary>Counting by itself, by a clock that the test moves.</summary>
public sealed class RateLimitWindowTests
{
    private const int Pace = 10;
    private static readonly Quota Quota = new("address", 60, 60);

    [Fact]
    public void Usage_CountsForAWindowAndFadesOverOnePartOfIt()
    {
        UsageWindow window = default;
        window.Add(Quota, 120_000, 60);

        Assert.Equal(60, window.Used(Quota, 179_999));
        Assert.Equal(30, window.Used(Quota, 181_500));
        Assert.Equal(0, window.Used(Quota, 183_000));
        Assert.Equal(60_000, window.FadesIn(Quota, 120_000));
        Assert.Equal(1_050, window.WaitFor(Quota, 179_000, 1));
    }

    [Fact]
    public void Usage_ThatIsGivenBack_CountsNoMoreWhereverItWasCounted()
    {
        UsageWindow window = default;
        window.Add(Quota, 120_000, 5);
        window.Add(Quota, 126_000, 2);
        window.Add(Quota, 126_001, -4);

        Assert.Equal(3, window.Used(Quota, 126_001));
    }

    /// <summary>The promise: in 95 % of a window never more than the quota, and over time exactly the quota a window.</summary>
    [Theory]
    [InlineData(1, 100)]
    [InlineData(7, 20)]
    [InlineData(60, 60)]
    [InlineData(3, 1)]
    public void Flood_IsHeldToTheQuotaInEveryIntervalAndGetsAllOfIt(int seconds, int permits)
    {
        Quota quota = new("address", permits, seconds);
        Random random = new(seconds);
        var (partition, now) = (Make(quota, out var policy), 1_000_000L);
        List<long> admitted = [];
        for (var end = now + (10 * quota.Window); now < end; now += random.Next(1, 5))
        {
            var take = partition.TryTake(now);
            if (take == Take.Undecided)
            {
                partition.GrantLocally(partition.Collect(now, now), 1, now, now + 1000, 1);
                take = partition.TryTake(now);
            }

            if (take == Take.Taken)
            {
                admitted.Add(now);
            }
        }

        Assert.NotNull(policy);
        for (var first = 0; first + permits < admitted.Count; first++)
        {
            Assert.True(admitted[first + permits] - admitted[first] >= quota.Window * 0.95, $"{permits + 1} requests within {admitted[first + permits] - admitted[first]} ms");
        }

        Assert.InRange(admitted.Count, 10 * permits * 0.95, (10 * permits) + permits);
    }

    [Fact]
    public void Partition_NotHeardOfInRedis_AdmitsOnlyTheAdvance()
    {
        var partition = Make(new Quota("address", 1000, 1), out _);

        Assert.Equal(10, Enumerable.Range(0, 50).Count(_ => partition.TryTake(5) == Take.Taken));
        Assert.Equal(Take.Undecided, partition.TryTake(5));
    }

    [Fact]
    public void Lease_WhenItHasEnded_LeavesOnlyTheAdvance()
    {
        var partition = Make(new Quota("address", 100, 60), out _);
        partition.Grant(partition.Collect(1000, 1000), new Granted(20, 80, 0, 0, 60_000), 1000, 2000, Pace);
        Assert.Equal(5, Enumerable.Range(0, 5).Count(_ => partition.TryTake(1999) == Take.Taken));

        Assert.Equal(Take.Undecided, partition.TryTake(2000));
    }

    [Fact]
    public void Refusal_HoldsUntilWhatWasSaidAndNotLonger()
    {
        var partition = Make(new Quota("address", 100, 60), out _);
        partition.Grant(partition.Collect(1000, 1000), new Granted(0, 0, 100, 5000, 5000), 1000, 2000, Pace);

        Assert.Equal(Take.Refused, partition.TryTake(5999));
        Assert.Equal(5, partition.Wait(1000));
        Assert.Equal(1, partition.Wait(5999));
        Assert.Equal(Take.Undecided, partition.TryTake(6000));
    }

    [Fact]
    public void Demand_DoublesWhileItGrowsAndIsSmallForTheQuiet()
    {
        var partition = Make(new Quota("address", 10_000, 60), out _);
        partition.TryTake(1000);
        Assert.Equal(2, partition.Collect(1000, 1000).Want);
        for (var take = 0; take < 50; take++)
        {
            partition.TryTake(1000);
        }

        Assert.Equal(100, partition.Collect(1010, 1010).Want);
        Assert.Equal(1, partition.Collect(1020, 1020).Want);
    }

    [Fact]
    public void Partitions_BeyondTheRoom_ShareAFewUntilOthersAreIdle()
    {
        LimitPolicy policy = new("address", PartitionKind.Address);
        policy.Set(new Quota("address", 60, 60), 1000);
        for (var client = 0; client < 100_000; client++)
        {
            policy.PartitionOf(PartitionKey.Of(new IPAddress([10, (byte)(client >> 16), (byte)(client >> 8), (byte)client]), 64), null, 0).TryTake(0);
        }

        Assert.InRange(policy.Count, 1000, 1256);
        var first = policy.PartitionOf(PartitionKey.Of(IPAddress.Parse("10.0.0.0"), 64), null, 0);
        Assert.NotEqual(UInt128.MaxValue, first.Key.Second); // who was there keeps what is his
        policy.Sweep(62_000, 1000);
        Assert.InRange(policy.Count, 1000, 1256);
        policy.Sweep(65_000, 1000);
        Assert.Equal(0, policy.Count);
    }

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::1", "127.0.0.1", false)]
    public void Addresses_AreOneClientByTheirNetwork(string one, string other, bool same)
    {
        Assert.Equal(same, PartitionKey.Of(IPAddress.Parse(one), 64) == PartitionKey.Of(IPAddress.Parse(other), 64));
        Assert.NotEqual(PartitionKey.Of(IPAddress.Parse("2001:db8:1:2::1"), 128), PartitionKey.Of(IPAddress.Parse("2001:db8:1:2::2"), 128));
    }

    private static Partition Make(Quota quota, out LimitPolicy policy)
    {
        policy = new LimitPolicy(quota.Policy, PartitionKind.Address);
        policy.Set(quota, 1000);
        return policy.PartitionOf(default, null, 0);
    }
}
