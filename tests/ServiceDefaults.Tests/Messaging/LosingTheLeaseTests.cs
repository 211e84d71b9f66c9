using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Testing;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>A relay that stands still with a partition in its hands: who sends its rows, and what it may do when it wakes.</summary>
public sealed class LosingTheLeaseTests(PlatformServers servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>To the server a stopped process is one that says nothing: this test, with the relay's own transaction.</summary>
    [Fact]
    public async Task Relay_SilentForLongerThanItsLease_AnotherSendsItsRowsAndItCanDeleteNone()
    {
        var (database, broker) = (await MessagingHost.NewDatabaseAsync(servers), await servers.CreateMessagingAsync());
        await MessagingHost.CommitAsync(database, Event(1));
        await using var source = NpgsqlDataSource.Create(database);
        await using var beside = await source.OpenConnectionAsync();
        await using var silent = await source.OpenConnectionAsync();
        await using var transaction = await silent.BeginTransactionAsync();
        var partition = await OutboxTable.LockPartitionAsync(silent, [], TimeSpan.FromSeconds(1), default);
        var rows = await OutboxTable.ReadAsync(beside, partition!.Value, [], 10, default);

        await using var other = await MessagingHost.StartAsync(database, broker);
        await Eventually.Async(
            async () => (await other.EntriesAsync()).Count == 1 && await other.CountAsync("outbox") == 0, Deadline, "nobody took over");

        Assert.Single(rows);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => OutboxTable.DeleteAsync(silent, rows, default));
    }

    [Fact]
    public async Task Publish_StoodStillBetweenTwoEvents_BeginsNoOther()
    {
        await using var host = await MessagingHost.StartAsync(await MessagingHost.NewDatabaseAsync(servers), await servers.CreateMessagingAsync());
        var (bus, options) = (host.Services.GetRequiredService<IBus>(), host.Services.GetRequiredService<IOptions<MessagingOptions>>());
        StandsStill clock = new();
        OutboxPublisher publisher = new(bus, host.Services.GetRequiredService<MessagingMetrics>(), options, clock, NullLogger<OutboxPublisher>.Instance);
        bus.ConnectPublishObserver(new AfterThat(() => clock.For(options.Value.RelayLease)));
        var aggregate = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

        var batch = await publisher.PublishAsync([Row(1, aggregate), Row(2, aggregate)], default);

        Assert.Equal([1L], batch.Sent.Select(row => row.Id));
        Assert.Empty(batch.Refused);
    }

    private static UserRegistered Event(int number, Guid? aggregate = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        return MessagingHost.Event(aggregate ?? Guid.CreateVersion7(now), number, now);
    }

    private static OutboxRow Row(int id, Guid aggregate)
    {
        var row = OutboxMessage.From(Event(id, aggregate), aggregate.ToString());
        return new OutboxRow(id, row.EventId, row.Type, row.Aggregate, row.Payload, null, row.OccurredAt);
    }

    /// <summary>A clock that goes ahead while the process does nothing.</summary>
    private sealed class StandsStill : TimeProvider
    {
        private long _ahead;

        public void For(TimeSpan time) => Interlocked.Add(ref _ahead, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);
    }

    private sealed class AfterThat(Action act) : IPublishObserver
    {
        public Task PrePublish<T>(PublishContext<T> context)
            where T : class => Task.CompletedTask;

        public Task PostPublish<T>(PublishContext<T> context)
            where T : class
        {
            act();
            return Task.CompletedTask;
        }

        public Task PublishFault<T>(PublishContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }
}
