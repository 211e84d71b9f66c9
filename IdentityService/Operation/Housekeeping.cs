using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ServiceDefaults.Data;

namespace IdentityService.Operation;

/// <summary>Removes what has expired, and counts the sessions for the metrics. Replicas may do it side by side.</summary>
internal sealed partial class Housekeeping(
    IServiceScopeFactory scopes, IdentityMetrics metrics, TimeProvider time, ILogger<Housekeeping> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    // Longer than a stream that was away can be continued without a gap, and than anyone asks about a session.
    private static readonly TimeSpan KeepRevocations = TimeSpan.FromDays(1);
    private static readonly TimeSpan KeepSessions = TimeSpan.FromDays(30);

    // A code that turns up again must still be known, to take back what it gave.
    private static readonly TimeSpan KeepCodes = TimeSpan.FromDays(1);
    private static readonly TimeSpan KeepFailures = TimeSpan.FromDays(1);

    // As long as the audit log keeps records by default: until then nobody can pass for somebody it names.
    private static readonly TimeSpan KeepDeletedNames = TimeSpan.FromDays(90);

    /// <summary>Does it once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var now = time.GetUtcNow();
        var revocations = now - KeepRevocations;
        var sessions = now - KeepSessions;
        var failures = now - KeepFailures;
        var codes = now - KeepCodes;
        var names = now - KeepDeletedNames;
        await database.RefreshTokens.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await database.Sessions.Where(row => row.ExpiresAt < sessions).ExecuteDeleteAsync(cancellationToken);
        await database.UsedAssertions.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await database.UsedChallenges.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await database.AuthorizationRequests.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await database.DeviceGrants.Where(row => row.ExpiresAt < codes).ExecuteDeleteAsync(cancellationToken);
        await database.AuthorizationCodes.Where(row => row.ExpiresAt < codes).ExecuteDeleteAsync(cancellationToken);
        await database.ApiKeys.Where(row => row.ExpiresAt < sessions || row.RevokedAt < sessions).ExecuteDeleteAsync(cancellationToken);
        await database.FailedSignIns.Where(row => row.LastFailureAt < failures).ExecuteDeleteAsync(cancellationToken);
        await database.AccountLinks.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await database.MailQuotas.Where(row => row.BeganAt < failures).ExecuteDeleteAsync(cancellationToken);
        await database.Users.IgnoreQueryFilters().Where(row => row.DeletedAt < names).ExecuteDeleteAsync(cancellationToken);
        await database.Revocations.Where(row => row.ExpiresAt < revocations).ExecuteDeleteAsync(cancellationToken);
        metrics.SessionsCounted(await database.Sessions
            .LongCountAsync(row => row.RevokedAt == null && row.ExpiresAt > now, cancellationToken));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or InvalidOperationException or TimeoutException)
            {
                LogFailed(logger, fault);
            }
        }
        while (await clock.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(1, LogLevel.Warning, "What has expired could not be removed; trying again in a minute")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
