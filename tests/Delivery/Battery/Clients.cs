using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Delivery.Courier;

namespace Delivery.Battery;

/// <summary>What a client was told of its operation.</summary>
internal enum Outcome
{
    Ok,

    /// <summary>Refused, or never asked for: it must have no effect.</summary>
    Failed,

    /// <summary>The answer was lost: it may have had its effect or not, but not two.</summary>
    Unknown,
}

/// <summary>Clients that ask for operations all the time, of the senders in turn, and note what they are told.</summary>
internal sealed class Clients(IReadOnlyList<CourierProcess> senders, int aggregates)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);

    private readonly ConcurrentDictionary<Guid, Outcome> _outcomes = new();
    private readonly Guid[] _aggregates = [.. Enumerable.Range(0, aggregates).Select(_ => NewId())];

    public IReadOnlyDictionary<Guid, Outcome> Outcomes => _outcomes;

    public int Count(Outcome outcome) => _outcomes.Values.Count(value => value == outcome);

    /// <summary>Until enough; one client for each aggregate.</summary>
    public Task RunAsync(CancellationToken enough) =>
        Task.WhenAll(_aggregates.Select((aggregate, index) => RunAsync(aggregate, index, enough)));

    /// <summary>One operation that is asked for until it is committed.</summary>
    public async Task<Guid> CommitOneAsync(Func<Func<Task<bool>>, Task> eventually)
    {
        var id = Guid.Empty;
        using var client = senders[0].Client();
        await eventually(async () => await AskAsync(client, id = NewId(), _aggregates[0]) == Outcome.Ok);
        return id;
    }

    private async Task RunAsync(Guid aggregate, int turn, CancellationToken enough)
    {
        List<HttpClient> clients = [.. senders.Select(sender => sender.Client())];
        using var pace = new PeriodicTimer(Pace);
        while (!enough.IsCancellationRequested)
        {
            // Now and then one that is refused.
            await AskAsync(clients[turn % clients.Count], NewId(), turn % 50 == 49 ? Guid.Empty : aggregate);
            turn++;
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        clients.ForEach(client => client.Dispose());
    }

    private async Task<Outcome> AskAsync(HttpClient client, Guid id, Guid aggregate)
    {
        try
        {
            using var answer = await client.PostAsJsonAsync("/operations", new OperationRequest(id, aggregate));
            return _outcomes[id] = answer.StatusCode switch
            {
                HttpStatusCode.OK => Outcome.Ok,
                HttpStatusCode.BadRequest => Outcome.Failed,
                _ => Outcome.Unknown,
            };
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            return _outcomes[id] = fault.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? Outcome.Failed : Outcome.Unknown;
        }
    }

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
}
