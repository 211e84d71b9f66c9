namespace Gateway.RateLimits;

/// <summary>
/// Keeps the partitions of this gateway supplied with permits, one round after the other, never faster than the pace:
/// <list type="number">
/// <item>Whatever was used or is wanted since the last round is in the queue; all of it is taken.</item>
/// <item>With Redis: one exchange tells what was used and brings permits. When Redis was emptied, every partition is told
/// again.</item>
/// <item>Without: each partition gets this gateway's share. Redis is tried again beside that; when it answers, every
/// partition is told before the shared permits count.</item>
/// <item>Requests that waited for the round look again.</item>
/// </list>
/// </summary>
internal sealed partial class PermitSharing(
    RateLimitPlans plans, SharedPermits permits, RateLimitMetrics metrics, TimeProvider time, ILogger<PermitSharing> logger)
    : BackgroundService
{
    private const int MostAtOnce = 200; // partitions in one script, which Redis runs in about 2 ms
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AtLeastEvery = TimeSpan.FromMilliseconds(250);

    private readonly PartitionQueue _queue = new();
    private readonly UsageCount _usage = new();
    private Task<bool>? _trying;
    private long? _reachedAt;
    private int _gateways;
    private string? _life;
    private long _triedAt;
    private long _sweptAt;

    /// <summary>Milliseconds of the machine's steady clock.</summary>
    public long Now => time.GetTimestamp() / TicksOfMillisecond;

    /// <summary>Whether permits come from Redis; else each gateway has its share.</summary>
    public bool IsShared { get; private set; }

    /// <summary>Ends with the round that is under way, or with the next.</summary>
    public Task NextRound => _queue.NextRound;

    private long TicksOfMillisecond { get; } = Math.Max(1, time.TimestampFrequency / 1000);

    private RateLimitOptions Options => plans.Current.Options;

    /// <summary>Something was taken or is wanted.</summary>
    public void Enqueue(Partition partition) => _queue.Add(partition);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _ = plans.Current; // in force from now on: a change before the first request is a change already
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (IsShared)
        {
            await ShareAsync(_queue.Drain()); // the last usage, for the gateways that stay
        }

        _queue.EndRound();
    }

    public override void Dispose()
    {
        base.Dispose();

        // A semaphore that is disposed under a waiter leaves it waiting for ever.
        if (ExecuteTask is not { IsCompleted: false })
        {
            _queue.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await _queue.WaitAsync(AtLeastEvery, stoppingToken);
            var began = time.GetTimestamp();
            await RoundAsync();
            Sweep();
            if (Options.Pace - time.GetElapsedTime(began) is { Ticks: > 0 } rest)
            {
                await Task.Delay(rest, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Not cancelled when the process stops: bounded by the patience with Redis.
    private async Task RoundAsync()
    {
        if (IsShared)
        {
            await ShareAsync(_queue.Drain());
        }
        else
        {
            _usage.Serve(_queue.Drain(), Gateways(), Now, Options);
            await TryAgainAsync();
        }

        _queue.EndRound();
    }

    /// <summary>Exchanges these partitions' usage and wishes; those for which Redis does not answer are served locally.</summary>
    private async Task ShareAsync(List<Partition> partitions)
    {
        var now = Now;
        do
        {
            var asked = _usage.AskFor(partitions.Take(MostAtOnce), now, Options);
            partitions = partitions[asked.Count..];
            if (await ExchangeAsync(asked, present: true) is not { } granted)
            {
                _usage.Serve([.. asked.Select(static ask => ask.Partition), .. partitions], Gateways(), Now, Options);
                return;
            }

            // The lease counts from when it was asked for; Redis counts from later on.
            for (var index = 0; index < granted.Length; index++)
            {
                asked[index].Partition.Grant(asked[index].Demand, granted[index], Now, now + UsageCount.Milliseconds(Options.Lease), UsageCount.Milliseconds(Options.Pace));
            }

            _gateways = permits.Alive;
        }
        while (partitions.Count > 0);

        // A server without what was known: emptied, or another one.
        if (permits.Life != _life)
        {
            LogTellingAll(logger);
            await TellAllAsync();
        }
    }

    /// <summary>Null when Redis is away; then permits are local until it has answered again.</summary>
    private async Task<Granted[]?> ExchangeAsync(List<Ask> asked, bool present)
    {
        var start = time.GetTimestamp();
        try
        {
            var granted = await permits.ExchangeAsync(asked, present, Options.Lease, Options.Patience);
            metrics.Exchanged(time.GetElapsedTime(start), null);
            return granted;
        }
        catch (Exception fault) when (SharedPermits.IsOutage(fault))
        {
            metrics.Exchanged(time.GetElapsedTime(start), fault.GetType().Name);
            if (IsShared)
            {
                IsShared = false;
                _reachedAt = null;
                LogLocal(logger, Gateways(), fault.Message);
            }

            return null;
        }
    }

    /// <summary>Tells what every partition used, and asks for nothing.</summary>
    private async Task<bool> TellAllAsync()
    {
        foreach (var some in plans.Current.Policies.SelectMany(static policy => policy.Partitions).Chunk(MostAtOnce))
        {
            List<Ask> told = [.. _usage.AskFor(some, Now, Options).Select(static ask => ask with { Demand = ask.Demand with { Want = 0 } })];
            if (await ExchangeAsync(told, present: IsShared) is null)
            {
                return false;
            }
        }

        _life = permits.Life;
        return true;
    }

    // Beside the rounds: while Redis is away nobody waits for it.
    private async Task TryAgainAsync()
    {
        if (_trying is { IsCompleted: true } tried)
        {
            _trying = null;
            if (await tried)
            {
                IsShared = true;
                _gateways = permits.Alive;
                LogShared(logger, _gateways);
            }
        }
        else if (_trying is null && time.GetElapsedTime(_triedAt) >= AtLeastEvery)
        {
            _triedAt = time.GetTimestamp();
            _trying = ReturnAsync();
        }
    }

    /// <summary>
    /// True when permits can be shared again: this gateway has told what it used meanwhile, then shown itself, and so have
    /// all others that were there before. One that does not come back is waited for as long as it would count as alive.
    /// </summary>
    private async Task<bool> ReturnAsync()
    {
        if (!await TellAllAsync() || await ExchangeAsync([], present: true) is null)
        {
            return false;
        }

        _reachedAt ??= Now;
        return permits.Alive >= _gateways || Now - _reachedAt >= SharedPermits.AliveFor;
    }

    private int Gateways() => Math.Max(1, _gateways > 0 ? _gateways : Options.Gateways);

    private void Sweep()
    {
        if (time.GetElapsedTime(_sweptAt) >= SweepEvery)
        {
            _sweptAt = time.GetTimestamp();
            foreach (var policy in plans.Current.Policies)
            {
                policy.Sweep(Now, UsageCount.Milliseconds(Options.Lease));
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Rate limits are not shared: Redis is away ({Reason}). Each of {Gateways} gateways has its share")]
    private static partial void LogLocal(ILogger logger, int gateways, string reason);

    [LoggerMessage(2, LogLevel.Information, "Rate limits are shared among {Gateways} gateways")]
    private static partial void LogShared(ILogger logger, int gateways);

    [LoggerMessage(3, LogLevel.Warning, "Redis has lost the rate limits; all that counts is told again")]
    private static partial void LogTellingAll(ILogger logger);
}
