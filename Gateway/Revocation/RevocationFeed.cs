using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace Gateway.Revocation;

/// <summary>
/// Keeps the set of revocations current from Redis: reads the stream when woken by publish/subscribe, at the latest after
/// the poll interval, and reports what was applied. Goes on by itself when Redis comes back.
/// </summary>
internal sealed partial class RevocationFeed(
    IServiceProvider services,
    RevocationStreamReader reader,
    RevocationReceipts receipts,
    RevocationSet revocations,
    RevocationFreshness freshness,
    GatewayMetrics metrics,
    IOptionsMonitor<RevocationOptions> options,
    TimeProvider time,
    ILogger<RevocationFeed> logger) : BackgroundService
{
    // 64 of them forget everything once.
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(150);

    private readonly SemaphoreSlim _woken = new(0);
    private IConnectionMultiplexer? _redis;
    private bool _subscribed;
    private bool _failing;
    private RevocationState _state;
    private long _sweptAt;

    /// <summary>Something is to be read or reported.</summary>
    public void Wake()
    {
        if (_woken.CurrentCount == 0)
        {
            _woken.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            if (_redis is { IsConnected: true } redis)
            {
                await receipts.WithdrawAsync(redis.GetDatabase(), cancellationToken);
            }
        }
        catch (Exception fault) when (IsOutage(fault))
        {
            // The receipt then ends by its age.
        }
    }

    public override void Dispose()
    {
        _woken.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first use of the client connects, and that blocks while Redis is away.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await CatchUpAsync(stoppingToken);
            NoteState();
            if (time.GetElapsedTime(_sweptAt) >= SweepEvery)
            {
                revocations.Sweep(time.GetUtcNow());
                _sweptAt = time.GetTimestamp();
            }

            await ((Task)_woken.WaitAsync(options.CurrentValue.Poll, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            _redis ??= services.GetRequiredService<IConnectionMultiplexer>();
            if (!_subscribed)
            {
                await _redis.GetSubscriber().SubscribeAsync(RevocationStream.WakeChannel, (_, _) => Wake());
                _subscribed = true;
            }

            var redis = _redis.GetDatabase();
            while (await reader.ReadPageAsync(redis, cancellationToken))
            {
                // the next page
            }

            if (freshness.State != RevocationState.Unknown)
            {
                await receipts.ReportAsync(redis, cancellationToken);
            }

            _failing = false;
        }
        catch (Exception fault) when (IsOutage(fault))
        {
            metrics.RevocationFault(fault.GetType().Name);
            if (!_failing)
            {
                LogFailing(logger, fault.Message);
            }

            _failing = true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // stopping
        }
    }

    // RedisException is the client's own; the others come from a connection that broke under a command.
    private static bool IsOutage(Exception fault) =>
        fault is RedisException or RedisConnectionException or TimeoutException or ObjectDisposedException or IOException
        || (fault is OperationCanceledException { CancellationToken.IsCancellationRequested: false });

    private void NoteState()
    {
        var state = freshness.State;
        if (state != _state)
        {
            LogState(logger, _state, state, revocations.Count);
            _state = state;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The revocation stream cannot be read: {Reason}")]
    private static partial void LogFailing(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Knowledge of revocations was {Previous}, is {Current}; {Count} entries")]
    private static partial void LogState(ILogger logger, RevocationState previous, RevocationState current, int count);
}
