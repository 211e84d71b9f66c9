using Delivery.Battery;
using Delivery.Courier;
using Platform.Testing;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>The controls of <see cref="SurvivingFaultsTests"/>: what it rests on is taken away, and its verdict must say so.</summary>
public sealed class SabotagedDeliveryTests(PlatformServers servers)
{
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
