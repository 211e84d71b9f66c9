using System.Globalization;
using IdentityService.Operation;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace IdentityService.Revocations;

/// <summary>
/// Waits until the gateways have applied a revocation. Each says so on a channel, which ends the wait for the next look at
/// the receipts; gateways that have not been heard for a while are gone and not waited for.
/// </summary>
internal sealed partial class RevocationReceipts(
    RedisLink link, IdentityMetrics metrics, TimeProvider time, ILogger<RevocationReceipts> logger) : BackgroundService
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private TaskCompletionSource _next = New();

    /// <summary>
    /// Returns when every living gateway has applied that sequence (at once when there is none), or after a second.
    /// </summary>
    /// <returns>Whether it is in effect everywhere.</returns>
    public async Task<bool> WaitUntilAppliedAsync(long sequence, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Longest);
        var applied = await IsAppliedInTimeAsync(sequence, deadline.Token);
        cancellationToken.ThrowIfCancellationRequested();
        metrics.RevocationApplied(time.GetElapsedTime(started), applied);
        return applied;
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

    private async Task<bool> IsAppliedInTimeAsync(long sequence, CancellationToken deadline)
    {
        try
        {
            while (true)
            {
                // Taken before the look, or a receipt in between would be missed.
                var next = Volatile.Read(ref _next).Task;
                if (await link.TryGetAsync() is not { } redis)
                {
                    return false;
                }

                var receipts = await redis.GetDatabase().HashGetAllAsync(RevocationStream.ReceiptsKey).WaitAsync(deadline);
                if (IsApplied(receipts, sequence))
                {
                    return true;
                }

                await next.WaitAsync(deadline);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or RedisException or TimeoutException)
        {
            return false;
        }
    }

    private bool IsApplied(HashEntry[] receipts, long sequence)
    {
        var oldest = (time.GetUtcNow() - RevocationStream.ReceiptLife).ToUnixTimeMilliseconds();
        return receipts
            .Select(receipt => Read(receipt.Value))
            .All(receipt => receipt.At < oldest || receipt.Sequence >= sequence);
    }

    // A receipt that cannot be read is none: it looks like one of a gateway long gone.
    private static (long Sequence, long At) Read(string? receipt) =>
        receipt?.Split(':') is [var sequence, var at]
            && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var applied)
            && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var heard)
            ? (applied, heard)
            : (0, 0);

    [LoggerMessage(1, LogLevel.Warning, "Receipts of the gateways cannot be heard yet: {Reason}")]
    private static partial void LogNotSubscribed(ILogger logger, string reason);
}
