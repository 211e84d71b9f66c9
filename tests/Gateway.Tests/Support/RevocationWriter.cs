using System.Collections.Concurrent;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace Gateway.Tests.Support;

/// <summary>The identity service as far as the revocation stream goes: heartbeats, entries, generations.</summary>
internal sealed class RevocationWriter : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConnectionMultiplexer _connection;
    private Task _beating = Task.CompletedTask;
    private CancellationTokenSource _pause = new();
    private long _beatAt;

    private RevocationWriter(ConnectionMultiplexer connection) => _connection = connection;

    public long Sequence { get; private set; }

    public string Generation { get; private set; } = "";

    /// <summary>Time since the latest heartbeat was written, or a little more.</summary>
    public TimeSpan SinceBeat => TimeProvider.System.GetElapsedTime(_beatAt);

    /// <summary>All that were issued, as the database has them.</summary>
    public ConcurrentQueue<RevocationIssued> Issued { get; } = [];

    public IDatabase Redis => _connection.GetDatabase();

    public static async Task<RevocationWriter> StartAsync(string redis)
    {
        RevocationWriter writer = new(await ConnectionMultiplexer.ConnectAsync(redis));
        await writer.BeginGenerationAsync();
        writer.Beat();
        return writer;
    }

    public async Task BeginGenerationAsync(string firstId = "*")
    {
        await Redis.KeyDeleteAsync(RevocationStream.Key);
        Generation = Guid.CreateVersion7().ToString("N");
        await Redis.StringSetAsync(RevocationStream.GenerationKey, Generation);
        await AddAsync(RevocationStream.Heartbeat(Sequence), firstId);
    }

    public void Beat()
    {
        _pause = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _beating = BeatAsync(_pause.Token);
    }

    public async Task PauseAsync()
    {
        await _pause.CancelAsync();
        await _beating;
    }

    /// <summary>Writes one entry, and wakes the gateways unless the message is to be lost.</summary>
    public async Task<RevocationIssued> RevokeAsync(
        RevocationKind kind, string value, long? epoch = null, DateTimeOffset? cutoff = null, bool wake = true)
    {
        var revocation = Next(kind, value, epoch, cutoff);
        await AddAsync(RevocationStream.Entry(revocation));
        if (wake)
        {
            await Redis.PublishAsync(RevocationStream.WakeChannel, "");
        }

        return revocation;
    }

    public Task WriteAsync(RevocationIssued revocation, string id = "*") => AddAsync(RevocationStream.Entry(revocation), id);

    /// <summary>A revocation that is committed but not in the stream.</summary>
    public RevocationIssued Next(RevocationKind kind, string value, long? epoch = null, DateTimeOffset? cutoff = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        RevocationIssued revocation = new(
            new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("identity"), null, null, null, null),
            ++Sequence, kind, value, epoch, cutoff, now.AddMinutes(16));
        Issued.Enqueue(revocation);
        return revocation;
    }

    /// <summary>What the gateway says it has applied; null without a receipt.</summary>
    public async Task<long?> ReceiptOfAsync(string gateway) =>
        ((string?)await Redis.HashGetAsync(RevocationStream.ReceiptsKey, gateway))?.Split(':') is [var sequence, ..]
            ? long.Parse(sequence, System.Globalization.CultureInfo.InvariantCulture)
            : null;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _beating;
        await _connection.CloseAsync();
        _stopping.Dispose();
    }

    private async Task BeatAsync(CancellationToken stop)
    {
        using var rhythm = new PeriodicTimer(RevocationStream.HeartbeatEvery);
        try
        {
            do
            {
                _beatAt = TimeProvider.System.GetTimestamp();
                await AddAsync(RevocationStream.Heartbeat(Sequence));
            }
            while (await rhythm.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // paused or over
        }
    }

    private Task AddAsync(RedisValue[] fields, string id = "*") =>
        Redis.ExecuteAsync("XADD", [RevocationStream.Key, id, .. fields.Select(field => (object)(string)field!)]);
}
