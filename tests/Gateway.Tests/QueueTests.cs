using Gateway.Tests.Support;
using Platform.Testing;

namespace Gateway.Tests;

public sealed class QueueTests(PlatformServers servers)
{
    [Fact]
    public async Task Queue_OfAGateway_IsItsOwnAndGoesWithIt()
    {
        await using var around = await Surroundings.StartAsync(servers);
        var gateway = await around.StartGatewayAsync();
        await gateway.MustHaveBusAsync();

        var queue = Assert.Single(await servers.Broker.QueuesAsync(around.Messaging));
        Assert.Equal("gateway-revocations-gateway-1", queue.GetProperty("name").GetString());
        Assert.False(queue.GetProperty("durable").GetBoolean());
        Assert.Equal("classic", queue.GetProperty("type").GetString());

        await gateway.DisposeAsync();
        await Eventually.Async(async () => (await servers.Broker.QueuesAsync(around.Messaging)).Count == 0, TimeSpan.FromSeconds(10), "the queue stayed");
    }
}
