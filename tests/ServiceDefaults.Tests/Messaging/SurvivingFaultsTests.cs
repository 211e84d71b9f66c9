using Delivery.Battery;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>
/// Processes and servers are killed at every seam while clients go on: afterwards everything that was committed has had its
/// effect once and in order.
/// </summary>
public sealed class SurvivingFaultsTests
{
    [Fact]
    public async Task Operations_ThroughEveryFault_EachAppliedOnceAndInOrder()
    {
        await using var battery = await FaultBattery.StartAsync();
        foreach (var fault in battery.Faults.Values)
        {
            await fault();
        }

        await battery.FlowsAsync();
        var verdict = await battery.DrainAsync();

        Assert.True(verdict.Faults.Count == 0, verdict.ToString());
    }
}
