using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace IdentityService.AccountMail;

/// <summary>
/// Answers noted wishes with mails, where an account has the address and may have one. Replicas may do it side by side;
/// a wish is taken and its mail sent in one transaction.
/// </summary>
internal sealed partial class MailRequestRunner(
    IServiceScopeFactory scopes,
    MailRequestSignal signal,
    IOptions<AccountMailOptions> options,
    TimeProvider time,
    ILogger<MailRequestRunner> logger) : BackgroundService
{
    private const int AtOnce = 50;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>Answers what is noted; how many wishes.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var links = scope.ServiceProvider.GetRequiredService<AccountLinks>();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var requests = await database.MailRequests
            .FromSql(
                $"""
                DELETE FROM mail_requests WHERE id IN (
                    SELECT id FROM mail_requests ORDER BY id LIMIT {AtOnce} FOR UPDATE SKIP LOCKED)
                RETURNING *
                """)
            .AsNoTracking().ToListAsync(cancellationToken);
        foreach (var request in requests.OrderBy(request => request.Id))
        {
            await AnswerAsync(request, database, links, cancellationToken);
        }

        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return requests.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunAsync(stoppingToken) == AtOnce)
                {
                    // There may be more.
                }

                await signal.WaitAsync(LookEvery, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
            {
                LogAway(logger, fault.Message);
                await Task.Delay(LookEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task AnswerAsync(MailRequest request, IdentityDb database, AccountLinks links, CancellationToken cancellationToken)
    {
        // Of those that name an address nobody has proved, as many as can be opened with it within the quota's window.
        var named = await database.Users.AsNoTracking().Where(row => row.NormalizedEmail == request.NormalizedEmail)
            .OrderByDescending(row => row.EmailConfirmed).ThenByDescending(row => row.CreatedAt).Take(options.Value.MostPerAddress)
            .ToListAsync(cancellationToken);
        foreach (var user in named is [{ EmailConfirmed: true } owner, ..] ? [owner] : named)
        {
            if (user.DisabledAt is null && !(request.Kind == MailRequestKind.Verification && user.EmailConfirmed))
            {
                await AnswerAsync(request, user, database, links, cancellationToken);
            }
        }
    }

    private static async Task AnswerAsync(
        MailRequest request, User user, IdentityDb database, AccountLinks links, CancellationToken cancellationToken)
    {
        var (kind, action) = request.Kind == MailRequestKind.PasswordReset
            ? (AccountLinkKind.ResetPassword, "user.password_reset_requested")
            : (AccountLinkKind.VerifyEmail, "user.verification_requested");
        var cause = new EventEnvelope(
            Guid.CreateVersion7(request.RequestedAt),
            request.RequestedAt,
            user.TenantId,
            Actor.Anonymous,
            null,
            request.Address,
            request.UserAgent,
            request.TraceId);
        await links.IssueAsync(user, kind, user.Email!, cause, cancellationToken);
        database.AddAudit(cause, action, "user", user.Id.ToString());
    }

    [LoggerMessage(1, LogLevel.Warning, "Mails that were asked for could not be looked at: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}

/// <summary>Wakes the runner of this process; others look every two seconds.</summary>
internal sealed class MailRequestSignal : IDisposable
{
    private readonly SemaphoreSlim _noted = new(0, 1);

    public void Set()
    {
        try
        {
            _noted.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    public Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => _noted.WaitAsync(longest, cancellationToken);

    public void Dispose() => _noted.Dispose();
}
