using Microsoft.Extensions.Options;
using Npgsql;

namespace DeviceService.Connectivity;

/// <summary>The clock of connectivity: registers this process, sweeps, and now and then counts and tidies up.</summary>
internal sealed partial class ConnectivityWatch(
    ReceiverRegister register,
    ConnectivitySweep sweep,
    FleetCount fleet,
    IOptions<ConnectivityOptions> options,
    IHostApplicationLifetime lifetime,
    ILogger<ConnectivityWatch> logger) : BackgroundService
{
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Before the server listens no heartbeat can come in, and none may be missed.
        await StartedAsync(stoppingToken);
        var sweepsUntilCount = 0;
        using var timer = new PeriodicTimer(options.Value.SweepEvery);
        do
        {
            try
            {
                var isSweeper = await RunAsync(stoppingToken);
                if (--sweepsUntilCount < 0)
                {
                    await fleet.CountAsync(isSweeper, stoppingToken);
                    sweepsUntilCount = (int)(CountEvery / options.Value.SweepEvery);
                }
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException })
            {
                // Nothing is lost: the next sweep finds the same devices, less those that the outage excuses.
                LogSweepFailed(logger, fault.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One look at the fleet; whether this process was the one to take it.</summary>
    internal async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var since = await register.SignAsync(cancellationToken);
        return await sweep.RunAsync(since, cancellationToken) is not null;
    }

    private async Task StartedAsync(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "The fleet could not be swept: {Reason}")]
    private static partial void LogSweepFailed(ILogger logger, string reason);
}
