using Gateway.RateLimits;

namespace Gateway.Tests;

public sealed class RateLimitPartitionTests
{
    private const long Now = 1_000_000;

    [Fact]
    public void Grant_ThatWasAskedForUnderTheQuotaBefore_DoesNotRefuseUnderTheNewOne()
    {
        var four = new Quota("api-key", 4, 60);
        Partition partition = new(new LimitPolicy("api-key", PartitionKind.ApiKey), new PartitionKey(1, 0), four, Now);
        Assert.Equal(Take.Taken, partition.TryTake(Now)); // the advance
        Assert.Equal(Take.Undecided, partition.TryTake(Now));
        var asked = partition.Collect(Now, Now);

        partition.Adopt(new Quota("api-key", 6, 60) { Since = 1 });
        partition.Grant(asked, new Granted(0, 0, 4, 59_000, 59_000), Now, Now + 1000, 50);

        Assert.Equal(Take.Undecided, partition.TryTake(Now));
    }
}
