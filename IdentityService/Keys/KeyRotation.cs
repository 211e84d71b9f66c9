using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Keys;

/// <summary>
/// Makes the next key ahead of its time and drops those no living token needs, by <see cref="KeySchedule"/>; under a lock,
/// so that of several replicas one does it. Then every replica reads the ring anew.
/// </summary>
internal sealed partial class KeyRotation(
    IServiceScopeFactory scopes,
    KeyRing ring,
    KeyEncryption encryption,
    IOptions<KeyOptions> options,
    IOptions<TokenOptions> tokens,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time,
    ILogger<KeyRotation> logger) : BackgroundService
{
    // Any constant does: the database is this service's own. The migration's lock is another.
    private const long Lock = 0x726F74617465;

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
            await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", cancellationToken);
            await ApplyAsync(database, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await ring.ReadAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(Every, time);
        while (await clock.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
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

    private async Task ApplyAsync(IdentityDb database, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        var keys = await database.SigningKeys.ToListAsync(cancellationToken);
        database.SigningKeys.RemoveRange(keys.Where(key => key.StateAt(now) == SigningKeyState.Expired));
        if (KeySchedule.NextActivation(keys, now, options.Value) is { } activatesAt)
        {
            var former = keys.MaxBy(key => key.ActivatesAt);
            former?.Retire(activatesAt, tokens.Value.AccessTokenLife + authentication.Value.ClockSkew + Every);
            var next = SigningKey.Create(encryption, now, activatesAt);
            database.SigningKeys.Add(next);
            Audit(database, next, former, now);
            LogCreated(logger, next.KeyId, activatesAt);
        }

        await database.SaveChangesAsync(cancellationToken);
    }

    private static void Audit(IdentityDb database, SigningKey next, SigningKey? former, DateTimeOffset now) =>
        database.AddAudit(
            new EventEnvelope(
                Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("identity"), null, null, null,
                System.Diagnostics.Activity.Current?.TraceId.ToHexString()),
            "key.rotated",
            "signing_key",
            next.KeyId,
            severity: AuditSeverity.Notice,
            before: former is null ? null : new { former.KeyId, former.RetiresAt, former.ExpiresAt },
            after: new { next.KeyId, next.ActivatesAt });

    [LoggerMessage(1, LogLevel.Information, "Made signing key {KeyId}, which signs from {ActivatesAt:O} on")]
    private static partial void LogCreated(ILogger logger, string keyId, DateTimeOffset activatesAt);

    [LoggerMessage(2, LogLevel.Error, "The signing keys could not be looked after")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
