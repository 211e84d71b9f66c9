using IdentityService.Operation;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace IdentityService.Revocations;

/// <summary>
/// Waits until the gateways have applied a revocation. Each says so on a channel, which ends the wait for the next look at
/// the receipts; gateways that have not been heard for a while are not waited for.
/// </summary>
internal sealed partial class RevocationReceipts(
    RedisLink link, IdentityMetrics metrics, TimeProvider time, ILogger<RevocationReceipts> logger) : BackgroundService
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private TaskCompletionSource _next = New();

    /// <summary>
    /// Returns when every gateway that is heard has applied that sequence (at once when there is none), or after a second.
    /// One that is not heard any more is counted, for as long as it may let requests through, and not waited for.
    /// </summary>
    public async Task<RevocationEffect> WaitUntilAppliedAsync(long sequence, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Longest);
        var (applied, gateways) = await CountInTimeAsync(sequence, deadline.Token);
        cancellationToken.ThrowIfCancellationRequested();
        RevocationEffect effect = new(applied, gateways, time.GetElapsedTime(started));
        metrics.RevocationApplied(effect.Took, effect.IsEverywhere);
        return effect;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var redis = await link.ConnectAsync().WaitAsync(stoppingToken);
                await redis.GetSubscriber().SubscribeAsync(RevocationStream.ReceiptsChannel, (_, _) => Pulse());
                return; // The client subscribes again by itself after an outage.
            }
            catch (Exception fault) when (fault is RedisException or TimeoutException or ObjectDisposedException)
            {
                LogNotSubscribed(logger, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Pulse() => Interlocked.Exchange(ref _next, New()).SetResult();

    private async Task<(int Applied, int? Gateways)> CountInTimeAsync(long sequence, CancellationToken deadline)
    {
        (int Applied, int? Gateways) counted = (0, null);
        try
        {
            while (true)
            {
                // Taken before the look, or a receipt in between would be missed.
                var next = Volatile.Read(ref _next).Task;
                if (await link.TryGetAsync() is not { } redis)
                {
                    return counted;
                }

                var receipts = await redis.GetDatabase().HashGetAllAsync(RevocationStream.ReceiptsKey).WaitAsync(deadline);
                (counted, var waiting) = Count(receipts, sequence);
                Forget(redis.GetDatabase(), receipts);
                if (waiting == 0)
                {
                    return counted;
                }

                await next.WaitAsync(deadline);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or RedisException or TimeoutException)
        {
            return counted;
        }
    }

    private ((int Applied, int? Gateways) Counted, int Waiting) Count(HashEntry[] receipts, long sequence)
    {
        var now = time.GetUtcNow();
        var (applied, gateways, waiting) = (0, 0, 0);
        foreach (var receipt in receipts.Select(static entry => RevocationReceipt.Read(entry.Value)))
        {
            var isHeard = now - receipt.At <= RevocationStream.ReceiptLife;
            var isApplied = receipt.Sequence >= sequence;
            if (isHeard || now - receipt.At <= receipt.ServesFor)
            {
                gateways++;
                applied += isApplied ? 1 : 0;
                waiting += isHeard && !isApplied ? 1 : 0;
            }
        }

        return ((applied, gateways), waiting);
    }

    // Gateways make up a new id at each start, so those long gone would add up. One that comes back reports anew.
    private void Forget(IDatabase redis, HashEntry[] receipts)
    {
        var now = time.GetUtcNow();
        RedisValue[] gone =
        [
            .. receipts.Where(entry => RevocationReceipt.Read(entry.Value) is var receipt && now - receipt.At > receipt.ServesFor + Forgotten)
                .Select(static entry => entry.Name),
        ];
        if (gone.Length > 0)
        {
            redis.HashDelete(RevocationStream.ReceiptsKey, gone, CommandFlags.FireAndForget);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Receipts of the gateways cannot be heard yet: {Reason}")]
    private static partial void LogNotSubscribed(ILogger logger, string reason);
}
