using System.Diagnostics.Metrics;
using System.Text;
using Npgsql;
using Platform.Testing;
using RabbitMQ.Client;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>Events that cannot be sent and messages that cannot be handled: what they hold up, and where they end.</summary>
public sealed class StuckMessagesTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Queue = "ledger-ledger";

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
    public async Task Relay_RowThatNobodyCanRead_IsSetAsideAndItsAggregateGoesOnUntilABuildCan()
    {
        var (first, second) = await CommitTwoOfOneAggregateAsync();
        await ExecuteAsync($"UPDATE outbox SET payload = '{{', occurred_at = now() - interval '1 hour' WHERE event_id = '{first}'");

        var host = await StartAsync();
        await Eventually.Async(async () => (await NumbersAsync(host)) is [2], Deadline, "the aggregate does not go on");
        await Eventually.Async(async () => await SetAsideAsync() == 1, Deadline, "the row is not set aside");
        Assert.Equal(1, await host.CountAsync("outbox"));

        // Another build, for which it is readable.
        await ExecuteAsync($"UPDATE outbox SET payload = '{Payload(first)}' WHERE event_id = '{first}'");
        var later = await StartAsync();
        await Eventually.Async(async () => (await NumbersAsync(later)) is [2, 1], Deadline, "it is not tried again");
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Relay_RowOfANewerBuild_WaitsInOrderForABuildThatKnowsIt()
    {
        var (first, _) = await CommitTwoOfOneAggregateAsync();
        await ExecuteAsync($"UPDATE outbox SET type = 'NotKnownYet' WHERE event_id = '{first}'");
        var host = await StartAsync();
        await MessagingHost.CommitAsync(_database, Event(7));

        await Eventually.Async(async () => (await NumbersAsync(host)) is [7], Deadline, "another aggregate is held up");
        Assert.Equal(2, await host.CountAsync("outbox"));
        Assert.Equal(0, await SetAsideAsync());

        await ExecuteAsync($"UPDATE outbox SET type = 'UserRegistered' WHERE event_id = '{first}'");
        await Eventually.Async(async () => (await NumbersAsync(host)) is [7, 1, 2], Deadline, "the order is not kept");
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    public async Task Handle_MessageThatCameBackThreeTimes_IsGivenUpOnlyAtItsBound(int most, int effects)
    {
        await (await MessagingHost.StartAsync(_database, _broker)).DisposeAsync(); // its queue is there
        await MessagingHost.CommitAsync(_database, Event(1));
        await StartAsync(consumes: false);
        for (var time = 0; time < 3; time++)
        {
            await TakeAndDieAsync();
        }

        var host = await StartAsync(settings: ("Messaging:MostDeliveries", $"{most}"));

        await Eventually.Async(
            async () => (await host.EntriesAsync()).Count == effects && (effects == 1 || await DeadLetterAsync() is not null), Deadline);
        Assert.Equal(effects, (await host.EntriesAsync()).Count);
    }

    [Fact]
    public async Task Gauges_WhileAnEventWaits_TellHowManyAndSinceWhen()
    {
        await MessagingHost.CommitAsync(_database, Event(1, TimeProvider.System.GetUtcNow().AddMinutes(-5)), Event(2));
        await ExecuteAsync("INSERT INTO outbox (event_id, type, aggregate, partition, payload, occurred_at, fault) SELECT gen_random_uuid(), 'Old', 'a', 0, '', now(), 'unreadable'");
        await using var source = NpgsqlDataSource.Create(_database);
        using var meters = new TestMeters();
        using var metrics = new MessagingMetrics(meters, TimeProvider.System);
        using var gauges = new OutboxGauges(source, metrics, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<OutboxGauges>.Instance);
        await gauges.MeasureAsync(TestContext.Current.CancellationToken);

        var seen = meters.Read();
        Assert.Equal(2, seen["platform.outbox.waiting"]);
        Assert.Equal(1, seen["platform.outbox.aside"]);
        Assert.InRange(seen["platform.outbox.oldest"], 300, 3600);

        await ExecuteAsync("DELETE FROM outbox");
        await gauges.MeasureAsync(TestContext.Current.CancellationToken);
        Assert.Equal([0d, 0d, 0d], meters.Read().Values);
    }

    private async Task<(Guid First, Guid Second)> CommitTwoOfOneAggregateAsync()
    {
        var aggregate = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        var (first, second) = (MessagingHost.Event(aggregate, 1, TimeProvider.System.GetUtcNow()), MessagingHost.Event(aggregate, 2, TimeProvider.System.GetUtcNow()));
        await MessagingHost.CommitAsync(_database, first, second);
        return (first.Envelope.Id, second.Envelope.Id);
    }

    private static string Payload(Guid id) => System.Text.Json.JsonSerializer.Serialize(
        Event(1) with { Envelope = Event(1).Envelope with { Id = id } }, EventCatalogue.Json);

    private static UserRegistered Event(int number, DateTimeOffset? at = null)
    {
        var now = at ?? TimeProvider.System.GetUtcNow();
        return MessagingHost.Event(Guid.CreateVersion7(now), number, now);
    }

    private async Task<MessagingHost> StartAsync(bool consumes = true, params (string, string)[] settings)
    {
        var host = await MessagingHost.StartAsync(_database, _broker, consumes, settings: [("Messaging:Prefetch", "1"), .. settings]);
        _hosts.Add(host);
        return host;
    }

    private static async Task<int[]> NumbersAsync(MessagingHost host) => [.. (await host.EntriesAsync()).Select(entry => entry.Number)];

    private async Task<long> SetAsideAsync()
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand("SELECT count(*) FROM outbox WHERE fault IS NOT NULL");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>As a consumer whose process ends while it has the message: the connection goes, unanswered.</summary>
    private async Task TakeAndDieAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await Eventually.Async(async () => await channel.BasicGetAsync(Queue, autoAck: false) is not null, Deadline, "the message is not in its queue");
    }

    private async Task<string?> DeadLetterAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(DeadLetterQueue.Name, true, false, false, new Dictionary<string, object?>(DeadLetterQueue.Arguments, StringComparer.Ordinal));
        var message = await channel.BasicGetAsync(DeadLetterQueue.Name, autoAck: true);
        return message is null ? null : Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers!["MT-Fault-ExceptionType"]!);
    }

    /// <summary>Meters of this test alone.</summary>
    private sealed class TestMeters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        /// <summary>The gauges as they are now.</summary>
        public SortedDictionary<string, double> Read()
        {
            SortedDictionary<string, double> seen = new(StringComparer.Ordinal);
            using MeterListener listener = new();
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (_meters.Contains(instrument.Meter) && instrument.IsObservable)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = value);
            listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => seen[instrument.Name] = value);
            listener.Start();
            listener.RecordObservableInstruments();
            return seen;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
