using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Data;

/// <summary>
/// Brings the schema to this build's version before anything else of the service starts. An advisory lock lets one of
/// several replicas do it; the others wait and find it done. A server that is away is waited for.
/// </summary>
internal sealed partial class DatabaseMigration<TContext>(
    IServiceProvider services,
    Func<IServiceProvider, TContext, CancellationToken, Task>? seed,
    ILogger<DatabaseMigration<TContext>> logger) : IHostedLifecycleService
    where TContext : DbContext
{
    // Any constant does: each service has a database of its own.
    private const long Lock = 0x6D696772617465;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        for (var pause = TimeSpan.FromMilliseconds(200); ; pause = Longer(pause))
        {
            try
            {
                await MigrateAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException fault) when (fault.IsTransient)
            {
                LogWaiting(logger, pause, fault.Message);
                await Task.Delay(pause, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static TimeSpan Longer(TimeSpan pause) =>
        TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 2, 5000));

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<TContext>();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        await using var guard = await scope.ServiceProvider.GetRequiredService<NpgsqlDataSource>()
            .OpenConnectionAsync(cancellationToken);
        await using (var acquire = new NpgsqlCommand($"SELECT pg_advisory_lock({Lock})", guard) { CommandTimeout = 0 })
        {
            await acquire.ExecuteNonQueryAsync(cancellationToken);
        }

        try
        {
            await database.Database.MigrateAsync(cancellationToken);
            if (seed is not null)
            {
                await seed(scope.ServiceProvider, database, cancellationToken);
            }
        }
        finally
        {
            // Closing the connection would give the lock back too, but a pooled connection stays open.
            if (guard.State == ConnectionState.Open)
            {
                await using var release = new NpgsqlCommand($"SELECT pg_advisory_unlock({Lock})", guard);
                await release.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The database is not there yet, trying again in {Pause}: {Reason}")]
    private static partial void LogWaiting(ILogger logger, TimeSpan pause, string reason);
}
