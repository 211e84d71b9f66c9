using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace IdentityService.SigningOut;

/// <summary>
/// Tells applications that a session of theirs has ended (OpenID Connect Back-Channel Logout 1.0 section 2.5), however it
/// ended: it looks for ended sessions that are still due, so no way of ending one can forget it. Each attempt is leased in
/// the database before it is made: replicas share the work, and one that dies in it loses nothing. Given up after
/// <see cref="MostAttempts"/>, which is about a day.
/// </summary>
internal sealed partial class LogoutNotices(
    IServiceScopeFactory scopes, LogoutCallbacks callbacks, TimeProvider time, ILogger<LogoutNotices> logger) : BackgroundService
{
    public const int MostAttempts = 12;

    private const int AtOnce = 16;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Makes the attempts that are due; how many.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        List<DueNotice> due;
        await using (var scope = scopes.CreateAsyncScope())
        {
            due = await TakeAsync(scope.ServiceProvider.GetRequiredService<IdentityDb>(), cancellationToken);
        }

        await Task.WhenAll(due.Select(notice => TellAsync(notice, cancellationToken)));
        return due.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(LookEvery, time);
        while (await clock.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await RunAsync(stoppingToken) == AtOnce)
                {
                    // There may be more.
                }
            }
            catch (Exception fault) when (fault is NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
            {
                LogAway(logger, fault.Message);
            }
        }
    }

    // The lease is also the delay before the next attempt: 30 s, doubled each time up to 4 h.
    private async Task<List<DueNotice>> TakeAsync(IdentityDb database, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        return await database.Database.SqlQuery<DueNotice>(
            $"""
            UPDATE sessions SET
                notice_attempts = notice_attempts + 1,
                notice_due_at = {now} + least(interval '4 hours', interval '30 seconds' * power(2, notice_attempts))
            FROM clients
            WHERE sessions.id IN (
                SELECT id FROM sessions
                WHERE notice_due_at <= {now} AND revoked_at IS NOT NULL
                ORDER BY notice_due_at LIMIT {AtOnce} FOR UPDATE SKIP LOCKED)
              AND clients.id = sessions.client_id
            RETURNING sessions.id AS "SessionId", sessions.user_id AS "UserId", sessions.tenant_id AS "TenantId",
                clients.id AS "ClientId", coalesce(clients.back_channel_logout_uri, '') AS "Uri", sessions.notice_attempts AS "Attempts"
            """).ToListAsync(cancellationToken);
    }

    private async Task TellAsync(DueNotice notice, CancellationToken cancellationToken)
    {
        var fault = notice.Uri.Length == 0 ? null : await callbacks.PostAsync(notice, cancellationToken);
        if (fault is not null)
        {
            LogFailed(logger, notice.ClientId, notice.Attempts, fault);
            if (notice.Attempts < MostAttempts)
            {
                return;
            }
        }

        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        Audit(database, notice, fault);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        await database.Sessions.Where(row => row.Id == notice.SessionId)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NoticeDueAt, (DateTimeOffset?)null), cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private void Audit(IdentityDb database, DueNotice notice, string? fault)
    {
        var now = time.GetInstant();
        database.AddAudit(
            new EventEnvelope(Guid.CreateVersion7(now), now, notice.TenantId, Actor.System("identity"), notice.SessionId.ToString(), null, null, null),
            "client.logout_notified",
            "client",
            notice.ClientId.ToString(),
            fault is null ? AuditResult.Success : AuditResult.Failure,
            fault is null ? AuditSeverity.Info : AuditSeverity.Warning,
            detail: fault is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = fault });
    }

    [LoggerMessage(1, LogLevel.Warning, "Client {ClientId} could not be told of an ended session, attempt {Attempt}: {Reason}")]
    private static partial void LogFailed(ILogger logger, Guid clientId, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Ended sessions could not be looked for: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}

/// <summary>An application to tell of an ended session.</summary>
internal sealed record DueNotice(Guid SessionId, Guid UserId, Guid TenantId, Guid ClientId, string Uri, int Attempts);
