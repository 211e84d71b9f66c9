using Delivery.Battery;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Platform.Testing;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

public sealed class StoppingTheBusTests(PlatformServers servers)
{
    private const int Events = 60;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Host_StoppedWhileItsBusConnects_TakesNoMessageAfterwards()
    {
        var broker = await servers.CreateMessagingAsync();
        await using var host = await MessagingHost.StartAsync(await MessagingHost.NewDatabaseAsync(servers), broker);
        await using (BrokerLink link = new(new Uri(broker)))
        {
            link.HoldAnswers();
            var stopped = await MessagingHost.StartAsync(await MessagingHost.NewDatabaseAsync(servers), link.Address, waits: false);
            await Eventually.Async(() => link.Sent > 0, Deadline);
            await stopped.DisposeAsync();
            link.Mend();

            // The two would share the queue. One after the other: the connection comes up meanwhile, if it does.
            for (var number = 0; number < Events; number++)
            {
                var now = TimeProvider.System.GetUtcNow();
                await host.CommitAsync(MessagingHost.Event(Guid.CreateVersion7(now), number, now));
                await Eventually.Async(async () => await host.CountAsync("inbox") == number + 1, Deadline, $"event {number} went elsewhere");
            }
        }
    }

    [Fact]
    public async Task Host_StoppedWhileAConsumerWaits_GivesItsMessageBack()
    {
        var (database, broker) = (await MessagingHost.NewDatabaseAsync(servers), await servers.CreateMessagingAsync());
        var now = TimeProvider.System.GetUtcNow();
        await using var holding = NpgsqlDataSource.Create(database);
        await using var connection = await holding.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE", connection);
            var stopped = await MessagingHost.StartAsync(database, broker);
            await hold.ExecuteNonQueryAsync();
            await stopped.CommitAsync(MessagingHost.Event(Guid.CreateVersion7(now), 0, now));
            await using var waiting = holding.CreateCommand("SELECT count(*) FROM pg_locks WHERE relation = 'inbox'::regclass AND NOT granted");
            await Eventually.Async(async () => (long)(await waiting.ExecuteScalarAsync())! > 0, Deadline, "the consumer did not wait");

            await stopped.DisposeAsync();
        }

        await using var host = await MessagingHost.StartAsync(database, broker);
        await Eventually.Async(async () => await host.CountAsync("inbox") == 1, Deadline, "the message was given up");
    }

    [Fact]
    public async Task Host_StoppedASecondTimeAfterItsEnd_IsNoFault()
    {
        var host = await MessagingHost.StartAsync(await MessagingHost.NewDatabaseAsync(servers), await servers.CreateMessagingAsync());
        var bus = host.Services.GetServices<IHostedService>().OfType<BusLifetime>().Single();
        await host.DisposeAsync();

        await bus.StopAsync(TestContext.Current.CancellationToken);
    }
}
