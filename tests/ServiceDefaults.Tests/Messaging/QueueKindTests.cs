using Platform.Testing;

namespace ServiceDefaults.Tests.Messaging;

public sealed class QueueKindTests(PlatformServers servers)
{
    [Fact]
    public async Task Consumer_Starts_QueueIsAQuorumQueue()
    {
        var broker = await servers.CreateMessagingAsync();
        await using var host = await MessagingHost.StartAsync(await MessagingHost.NewDatabaseAsync(servers), broker);

        await Eventually.Async(
            async () => (await servers.Broker.QueuesAsync(broker)) is [var queue] && queue.GetProperty("type").GetString() == "quorum",
            TimeSpan.FromSeconds(20), "the consumer's queue is none that survives a broker");
    }
}
