using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;

namespace IdentityService.Keys;

/// <summary>Keeps the keys' schedule every minute, and reads the ring every few seconds, for what others changed.</summary>
internal sealed partial class KeyRotation(
    IServiceScopeFactory scopes, KeyRing ring, TimeProvider time, ILogger<KeyRotation> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>Does what is due now and reads the ring.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // First, since a replica with another Keys:EncryptionKey must stop here, before it adds a key nobody else can open.
        await ring.ReadAsync(cancellationToken);
        await using (var scope = scopes.CreateAsyncScope())
        {
            var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
            await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
            await scope.ServiceProvider.GetRequiredService<SigningKeys>().KeepScheduleAsync(Cause(), cancellationToken);
            await database.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await ring.ReadAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(KeySchedule.ReadEvery, time);
        var next = time.GetUtcNow() + Every;
        while (await clock.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (time.GetUtcNow() < next)
                {
                    await ring.ReadAsync(stoppingToken);
                    continue;
                }

                next = time.GetUtcNow() + Every;
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or DbUpdateException or InvalidOperationException
                or TimeoutException or OptionsValidationException)
            {
                // The ring in memory goes on; the next turn tries again.
                LogFailed(logger, fault);
            }
        }
    }

    private EventEnvelope Cause()
    {
        var now = time.GetInstant();
        return new EventEnvelope(
            Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("identity"), null, null, null,
            System.Diagnostics.Activity.Current?.TraceId.ToHexString());
    }

    [LoggerMessage(1, LogLevel.Error, "The signing keys could not be looked after")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
