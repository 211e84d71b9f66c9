using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Platform.Testing;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

public sealed class DeliveringEventsTests(PlatformServers servers) : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly List<MessagingHost> _hosts = [];
    private string _database = "";
    private string _broker = "";

    public async ValueTask InitializeAsync()
    {
        _database = await MessagingHost.NewDatabaseAsync(servers);
        _broker = await servers.CreateMessagingAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Commit_ConsumerRuns_EffectOnceAndOutboxEmpty()
    {
        var host = await StartAsync();
        await host.CommitAsync(Event(1));

        await Eventually.Async(async () => (await host.EntriesAsync()).Count == 1 && await host.CountAsync("outbox") == 0, Deadline);
        Assert.Equal(1, await host.CountAsync("inbox"));
    }

    [Fact]
    public async Task Commit_SameEventTwice_EffectOnce()
    {
        var host = await StartAsync();
        var message = Event(1);
        await host.CommitAsync(message);
        await host.CommitAsync(message);
        await host.CommitAsync(Event(2));

        await Eventually.Async(async () => (await host.EntriesAsync()).Exists(entry => entry.Number == 2), Deadline);
        await Eventually.Async(async () => await host.CountAsync("outbox") == 0, Deadline);
        Assert.Equal([1, 2], (await host.EntriesAsync()).Select(entry => entry.Number).Order());
    }

    /// <summary>The control of the test above: without the inbox the second delivery shows, so the ledger would tell.</summary>
    [Fact]
    public async Task Commit_SameEventTwiceWithTheInboxTakenAway_EffectTwice()
    {
        var host = await StartAsync(inbox: false);
        var message = Event(1);
        await host.CommitAsync(message);
        await host.CommitAsync(message);

        await Eventually.Async(async () => (await host.EntriesAsync()).Count == 2, Deadline);
    }

    [Fact]
    public async Task Handle_FailsAfterItsEffect_EffectOnceAfterRetry()
    {
        var host = await StartAsync();
        host.Faults.FailNext(2);
        await host.CommitAsync(Event(1));

        await Eventually.Async(async () => (await host.EntriesAsync()).Count == 1, Deadline);
        Assert.Equal(2, host.Faults.Thrown);
        Assert.Single(await host.EntriesAsync());
    }

    [Fact]
    public async Task Handle_FailsEveryTime_MessageKeptInErrorQueueAndNoEffect()
    {
        var host = await StartAsync();
        host.Faults.FailNext(int.MaxValue);
        await host.CommitAsync(Event(1));

        var faults = host.Faults;
        await Eventually.Async(() => Task.FromResult(faults.Thrown == 4), Deadline);
        await Eventually.Async(async () => await servers.Broker.CountMessagesAsync(_broker, DeadLetterQueue.Name) == 1, Deadline);
        Assert.Empty(await host.EntriesAsync());
        Assert.Equal(0, await host.CountAsync("inbox"));
    }

    [Fact]
    public async Task Commit_NoQueueTakesTheEvent_StaysInOutboxUntilOneDoes()
    {
        using var refusals = new RefusedPublishes();
        var producer = await StartAsync(consumes: false);
        await producer.CommitAsync(Event(1));

        await Eventually.Async(() => refusals.Seen("MessageReturnedException"), Deadline);
        Assert.Equal(1, await producer.CountAsync("outbox"));

        var consumer = await StartAsync();
        await Eventually.Async(async () => (await consumer.EntriesAsync()).Count == 1 && await producer.CountAsync("outbox") == 0, Deadline);
    }

    [Fact]
    public async Task Relay_ManyEventsThatNoQueueTakes_DoNotHoldUpThoseBehindThem()
    {
        Environment.SetEnvironmentVariable("Messaging__RelayBatch", "5");
        var host = await StartAsync();
        Environment.SetEnvironmentVariable("Messaging__RelayBatch", null);
        await host.CommitAsync([.. Enumerable.Range(0, 320).Select(_ => Untaken())]);
        await host.CommitAsync(Event(1));

        await Eventually.Async(async () => (await host.EntriesAsync()).Count == 1, Deadline);
        Assert.Equal(320, await host.CountAsync("outbox"));
    }

    [Fact]
    public async Task Relay_SeveralAtOnce_OrderOfEachAggregateKept()
    {
        // The consumer handles one message at a time, so that its ledger shows the order of arrival.
        var first = await StartAsync(consumes: false);
        var second = await StartAsync(consumes: false);
        var aggregates = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow())).ToArray();
        for (var number = 0; number < 40; number++)
        {
            var at = number;
            await first.CommitAsync([.. aggregates.Select(aggregate => Event(at, aggregate))]);
        }

        Environment.SetEnvironmentVariable("Messaging__Prefetch", "1");
        var consumer = await StartAsync();
        Environment.SetEnvironmentVariable("Messaging__Prefetch", null);
        await Eventually.Async(async () => (await consumer.EntriesAsync()).Count >= 320, TimeSpan.FromSeconds(60));

        var entries = await consumer.EntriesAsync();
        Assert.Equal(320, entries.Count);
        Assert.Equal(0, await second.CountAsync("outbox"));
        foreach (var aggregate in entries.GroupBy(entry => entry.Aggregate, StringComparer.Ordinal))
        {
            Assert.Equal(Enumerable.Range(0, 40), aggregate.Select(entry => entry.Number));
        }
    }

    [Fact]
    public async Task Commit_WithinATrace_ConsumerBelongsToIt()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "MassTransit" or "Platform.Messaging" or "Test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("Test");
        var host = await StartAsync();
        string trace;
        using (var activity = source.StartActivity("change"))
        {
            trace = activity!.TraceId.ToHexString();
            await host.CommitAsync(Event(1));
        }

        await Eventually.Async(async () => (await host.EntriesAsync()).Count == 1, Deadline);
        Assert.Equal(trace, (await host.EntriesAsync())[0].TraceId);
    }

    /// <summary>An event that must have a consumer and has none here, of an aggregate of its own.</summary>
    private static PasswordChanged Untaken()
    {
        var message = Event(0);
        return new PasswordChanged(message.Envelope, message.UserId, message.UserName, message.Email);
    }

    private static UserRegistered Event(int number, Guid? aggregate = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        return MessagingHost.Event(aggregate ?? Guid.CreateVersion7(now), number, now);
    }

    private async Task<MessagingHost> StartAsync(bool consumes = true, bool inbox = true)
    {
        var host = await MessagingHost.StartAsync(_database, _broker, consumes, inbox);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Kinds of fault with which the relay's publishes failed.</summary>
    private sealed class RefusedPublishes : IDisposable
    {
        private readonly ConcurrentDictionary<string, bool> _kinds = new(StringComparer.Ordinal);
        private readonly MeterListener _listener = new();

        public RefusedPublishes()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "platform.outbox.publish.failed")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                foreach (var tag in tags)
                {
                    _kinds.TryAdd($"{tag.Value}", true);
                }
            });
            _listener.Start();
        }

        public bool Seen(string kind) => _kinds.ContainsKey(kind);

        public void Dispose() => _listener.Dispose();
    }
}
