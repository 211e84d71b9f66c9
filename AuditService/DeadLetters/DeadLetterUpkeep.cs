using AuditService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.DeadLetters;

/// <summary>Counts for the gauges what waits, and forgets what was decided long ago.</summary>
internal sealed partial class DeadLetterUpkeep(
    IServiceScopeFactory scopes, DeadLetterMetrics metrics, IOptions<DeadLetterOptions> options, TimeProvider time, ILogger<DeadLetterUpkeep> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException || fault.InnerException is NpgsqlException)
            {
                LogFailed(logger, fault.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var letters = scope.ServiceProvider.GetRequiredService<AuditDbContext>().DeadLetters;
        metrics.Holds(await letters
            .Where(letter => letter.State == DeadLetterStates.Waiting)
            .GroupBy(letter => letter.Queue)
            .Select(queue => new WaitingLetters(queue.Key, queue.LongCount(), queue.Min(letter => letter.FailedAt)))
            .ToListAsync(cancellationToken));
        var before = time.GetUtcNow() - options.Value.KeepDecided;
        await letters.Where(letter => letter.DecidedAt < before).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "The dead letters could not be counted: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
