using Delivery.Courier;
using Npgsql;
using Platform.Testing;

namespace Delivery.Battery;

/// <summary>
/// Two senders over one database, each with a link to the broker that can be broken, and a receiver over another, while
/// clients ask for operations. A fault is done while they go on; at the end everything is drained and judged.
/// </summary>
public sealed class DeliveryRun : IAsyncDisposable
{
    private const int Aggregates = 4;

    // More octets than a heartbeat has: an event is on its way. More than it takes to connect: events flow.
    private const int AnEvent = 1000;
    private const int Events = 8000;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Catch = TimeSpan.FromSeconds(5);

    private readonly string _sent;
    private readonly string _received;
    private readonly BrokerLink[] _links;
    private readonly CourierProcess[] _senders;
    private readonly CourierProcess _receiver;
    private readonly Clients _clients;
    private readonly CancellationTokenSource _enough = new();
    private Task _asking = Task.CompletedTask;

    private DeliveryRun(string sent, string received, string broker, Sabotage sabotage, bool audited)
    {
        (_sent, _received) = (sent, received);
        _links = [new BrokerLink(new Uri(broker)), new BrokerLink(new Uri(broker))];
        _senders = [.. _links.Select(link => new CourierProcess(CourierService.Sender, sent, link.Address, sabotage, audited))];
        _receiver = new CourierProcess(CourierService.Receiver, received, broker, sabotage, audited);
        _clients = new Clients(_senders, Aggregates);
    }

    /// <summary>Starts everything on empty databases.</summary>
    /// <param name="sent">Database of the senders.</param>
    /// <param name="received">Database of the receiver.</param>
    /// <param name="broker">Address of RabbitMQ.</param>
    /// <param name="sabotage">What is taken away.</param>
    /// <param name="audited">Whether an audit service is there to be told.</param>
    public static async Task<DeliveryRun> StartAsync(
        string sent, string received, string broker, Sabotage sabotage = Sabotage.None, bool audited = false)
    {
        await DeliveryContext.CreateAsync(sent);
        await DeliveryContext.CreateAsync(received);
        var run = new DeliveryRun(sent, received, broker, sabotage, audited);
        try
        {
            await run.BeginAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Until operations are committed and applied anew.</summary>
    public async Task FlowsAsync()
    {
        var (ok, applied) = (_clients.Count(Outcome.Ok), await CountAsync(_received, "SELECT count(*) FROM ledger"));
        await EventuallyAsync(
            async () => _clients.Count(Outcome.Ok) > ok + 10 && await CountAsync(_received, "SELECT count(*) FROM ledger") > applied + 10,
            "operations no longer flow");
    }

    /// <summary>kill -9 of a sender after a commit and before its event is published.</summary>
    public async Task SenderDiesBeforePublishingAsync()
    {
        await _senders[0].DieAtAsync(Seam.BeforePublish);
        await _senders[0].RestartAsync();
    }

    /// <summary>kill -9 of a sender whose events the broker has, and whose confirms have not come back.</summary>
    public async Task SenderDiesBeforeTheConfirmAsync()
    {
        await HoldAsync();
        await _senders[0].KillAsync();
        _links[0].Mend();
        await _senders[0].RestartAsync();
    }

    /// <summary>kill -9 of a sender after the broker's confirm and before it has noted that.</summary>
    public async Task SenderDiesAfterTheConfirmAsync()
    {
        await _senders[0].DieAtAsync(Seam.AfterConfirm);
        await _senders[0].RestartAsync();
    }

    /// <summary>What a sender sends is lost, and then its connection.</summary>
    public async Task SenderLosesItsConnectionAsync()
    {
        await CatchAnEventAsync(_links[0].Lose, () =>
        {
            _links[0].Cut();
            _links[0].Mend();
        });
        _links[0].Cut();
        _links[0].Mend();
    }

    /// <summary>kill -9 of the receiver after its commit and before the message is acknowledged.</summary>
    public async Task ReceiverDiesBeforeTheAcknowledgementAsync()
    {
        await _receiver.DieAtAsync(Seam.AfterHandling);
        await _receiver.RestartAsync();
    }

    /// <summary>SIGSTOP of a sender in the midst of a batch, until the other has sent that batch too; then it goes on.</summary>
    public async Task SenderStopsLongerThanItsLeaseAsync()
    {
        await HoldAsync();
        _senders[0].Suspend();
        var last = await CountAsync(_sent, "SELECT coalesce(max(id), 0) FROM outbox");
        await EventuallyAsync(
            async () => await CountAsync(_sent, $"SELECT count(*) FROM outbox WHERE id <= {last}") == 0,
            "the other sender did not take over");
        _links[0].Mend();
        _senders[0].Resume();
    }

    /// <summary>Ends the clients, waits until every event has arrived or is lost, and judges.</summary>
    public async Task<Verdict> DrainAsync()
    {
        await _enough.CancelAsync();
        await _asking;
        await EventuallyAsync(async () => await CountAsync(_sent, "SELECT count(*) FROM outbox") == 0, "the outbox is not drained");

        // The queue hands out one message at a time, so all before this one are done when it is.
        var last = await _clients.CommitOneAsync(condition => EventuallyAsync(condition, "no operation is committed"));
        await EventuallyAsync(
            async () => await CountAsync(_received, $"SELECT count(*) FROM ledger WHERE operation_id = '{last}'") > 0,
            "the last operation was not applied");
        return await Verdict.JudgeAsync(_clients, _sent, _received);
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _asking;
        Array.ForEach(_senders, sender => sender.Dispose());
        _receiver.Dispose();
        foreach (var link in _links)
        {
            await link.DisposeAsync();
        }

        _enough.Dispose();
    }

    /// <summary>How many operations were committed.</summary>
    internal Task<long> CommittedAsync() => CountAsync(_sent, "SELECT count(*) FROM operations");

    private async Task BeginAsync()
    {
        CourierProcess[] all = [_receiver, .. _senders];
        Array.ForEach(all, courier => courier.Start());
        await Task.WhenAll(all.Select(courier => courier.ReadyAsync()));
        _asking = _clients.RunAsync(_enough.Token);
        await FlowsAsync();
    }

    // Until the broker has an event of that sender, which waits for its confirm with a partition in its hands.
    private Task HoldAsync() => CatchAnEventAsync(_links[0].HoldAnswers, _links[0].Mend);

    // A sender that was about to connect gets nowhere without answers and sends no event: it is let go, and caught anew.
    private Task CatchAnEventAsync(Action begin, Action letGo) => EventuallyAsync(
        async () =>
        {
            await SendsAsync();
            begin();
            var began = TimeProvider.System.GetTimestamp();
            using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(20));
            while (_links[0].Sent <= AnEvent && TimeProvider.System.GetElapsedTime(began) < Catch)
            {
                await pace.WaitForNextTickAsync();
            }

            if (_links[0].Sent > AnEvent)
            {
                return true;
            }

            letGo();
            return false;
        },
        "the sender sends nothing");

    private async Task SendsAsync()
    {
        var before = _links[0].Sent;
        await EventuallyAsync(() => Task.FromResult(_links[0].Sent > before + Events), "the sender sends no events");
    }

    private static Task EventuallyAsync(Func<Task<bool>> condition, string because) => Eventually.Async(condition, Deadline, because);

    private static async Task<long> CountAsync(string database, string sql)
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(database);
            await using var command = source.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (NpgsqlException)
        {
            return -1; // the server is away; whoever waits asks again
        }
    }
}
