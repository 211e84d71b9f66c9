using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Idempotency;

/// <summary>Removes keys that have expired, once an hour. Replicas may do it side by side.</summary>
internal sealed partial class IdempotencyRetention(NpgsqlDataSource database, TimeProvider time, ILogger<IdempotencyRetention> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        do
        {
            try
            {
                await RemoveAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException)
            {
                // An expired key is a new one whether its row is there or not.
                LogFailed(logger, fault);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM idempotency_keys WHERE expires_at <= $1");
        command.Parameters.Add(new NpgsqlParameter { Value = time.GetUtcNow().UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "Expired idempotency keys could not be removed; trying again in an hour")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
