using Delivery.Battery;
using Delivery.Courier;
using Platform.Testing;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>
/// Processes and servers are killed at every seam while clients go on: afterwards everything that was committed has had its
/// effect once and in order. The same with dedupe, confirms or the outbox taken away is noticed.
/// </summary>
public sealed class SurvivingFaultsTests(PlatformServers servers)
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

    [Fact]
    public async Task Operations_WithTheInboxTakenAway_AreAppliedTwice()
    {
        await using var run = await StartAsync(Sabotage.Inbox);
        await run.ReceiverDiesBeforeTheAcknowledgementAsync();

        var verdict = await run.DrainAsync();

        Assert.True(verdict.Repeated > 0, verdict.ToString());
        Assert.NotEmpty(verdict.Faults);
    }

    [Fact]
    public async Task Operations_WithTheConfirmsTakenAway_AreLost()
    {
        await using var run = await StartAsync(Sabotage.Confirms);
        await run.SenderLosesItsConnectionAsync();

        var verdict = await run.DrainAsync();

        Assert.True(verdict.Lost > 0, verdict.ToString());
        Assert.NotEmpty(verdict.Faults);
    }

    [Fact]
    public async Task Operations_WithTheOutboxTakenAway_AreLost()
    {
        await using var run = await StartAsync(Sabotage.Outbox);
        await run.SenderDiesBeforePublishingAsync();

        var verdict = await run.DrainAsync();

        Assert.True(verdict.Lost > 0, verdict.ToString());
        Assert.NotEmpty(verdict.Faults);
    }

    private async Task<DeliveryRun> StartAsync(Sabotage sabotage) => await DeliveryRun.StartAsync(
        await servers.CreateDatabaseAsync("sent"), await servers.CreateDatabaseAsync("received"), await servers.CreateMessagingAsync(), sabotage);
}
