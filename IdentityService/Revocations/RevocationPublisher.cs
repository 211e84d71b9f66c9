using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace IdentityService.Revocations;

/// <summary>
/// Keeps the stream alive: a turn of <see cref="RevocationWriter"/> at each heartbeat and at once after a commit in this
/// process. While Redis or the database is away it tries on at the same pace; the gateways see the heartbeat stop.
/// </summary>
internal sealed partial class RevocationPublisher(
    RevocationWriter writer, RevocationSignal signal, TimeProvider time, ILogger<RevocationPublisher> logger)
    : BackgroundService, IHealthCheck
{
    // Eight heartbeats: beyond the second after which gateways call the stream stale.
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(2);

    private long _lastWrite = time.GetTimestamp();

    /// <summary>
    /// Degraded while the stream stands still: sign-in goes on without Redis, so the service stays ready; revocations
    /// still reach the gateways by the bus.
    /// </summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(time.GetElapsedTime(Interlocked.Read(ref _lastWrite)) < Stale
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("The revocation stream in Redis has not been written for more than 2 s."));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var away = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await writer.WriteAsync(stoppingToken))
                {
                    Interlocked.Exchange(ref _lastWrite, time.GetTimestamp());
                    LogBack(away);
                    away = false;
                }

                await signal.WaitAsync(RevocationStream.HeartbeatEvery, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (IsOutage(fault))
            {
                LogAway(away, fault);
                away = true;
                await Task.Delay(RevocationStream.HeartbeatEvery, time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static bool IsOutage(Exception fault) =>
        fault is RedisException or NpgsqlException or DbUpdateException or TimeoutException or ObjectDisposedException
            or InvalidOperationException or OperationCanceledException;

    private void LogBack(bool wasAway)
    {
        if (wasAway)
        {
            LogWritten(logger);
        }
    }

    private void LogAway(bool wasAway, Exception fault)
    {
        if (!wasAway)
        {
            LogNotWritten(logger, fault);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The revocation stream cannot be written; trying on")]
    private static partial void LogNotWritten(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Information, "The revocation stream is written again")]
    private static partial void LogWritten(ILogger logger);
}
