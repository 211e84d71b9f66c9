using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NotificationService.Data;
using NotificationService.Queue;
using Npgsql;

namespace NotificationService.Delivery;

/// <summary>
/// Takes what is due out of the queue and has it sent, a bounded number at once. A claim is a lease: it moves the row's
/// due time past the longest attempt, so the row of a process that was killed comes due again by itself, and several
/// replicas claim side by side without waiting for each other.
/// </summary>
internal sealed partial class Dispatcher(
    IServiceScopeFactory scopes,
    Courier courier,
    QueueSignal signal,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<Dispatcher> logger) : BackgroundService
{
    private readonly SemaphoreSlim _free = new(options.Value.MostAtOnce);

    // Not claimed again by this process when their lease ends while their outcome waits for the database.
    private readonly ConcurrentDictionary<Guid, bool> _sending = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                if (!await TryDispatchAsync(stoppingToken))
                {
                    await signal.WaitAsync(options.Value.Poll, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is being sent now gets to its end, or its lease runs out.
        }

        for (var slot = 0; slot < options.Value.MostAtOnce; slot++)
        {
            await _free.WaitAsync(CancellationToken.None);
        }
    }

    public override void Dispose()
    {
        _free.Dispose();
        base.Dispose();
    }

    /// <summary>False when nothing was due, or the database is away.</summary>
    private async Task<bool> TryDispatchAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        var slots = 1;
        while (slots < options.Value.MostAtOnce && await _free.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            slots++;
        }

        List<Notification> claimed = [];
        try
        {
            claimed = await ClaimAsync(slots, cancellationToken);
            foreach (var notification in claimed)
            {
                _ = DeliverAsync(notification);
            }
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException })
        {
            LogClaimFailed(logger, fault.Message);
        }
        finally
        {
            if (slots > claimed.Count)
            {
                _free.Release(slots - claimed.Count);
            }
        }

        return claimed.Count > 0;
    }

    private async Task<List<Notification>> ClaimAsync(int most, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<NotificationDbContext>();
        var now = time.GetUtcNow();
        var sending = _sending.Keys.ToArray();
        return await database.Notifications
            .FromSql(
                $"""
                UPDATE notifications AS claimed
                SET status = 'sending', attempts = claimed.attempts + 1, due_at = {now + options.Value.Lease}
                WHERE claimed.id IN (
                    SELECT id FROM notifications
                    WHERE status IN ('pending', 'failed', 'sending') AND due_at <= {now} AND id <> ALL ({sending})
                    ORDER BY due_at LIMIT {most}
                    FOR UPDATE SKIP LOCKED)
                RETURNING claimed.*, claimed.xmin
                """)
            .IgnoreQueryFilters()
            .AsNoTracking()
            .ToListAsync(cancellationToken);
    }

    private async Task DeliverAsync(Notification notification)
    {
        _sending[notification.Id] = true;
        try
        {
            // Off this loop's thread, which goes on to claim. Not cancelled when the host stops: a mail may be on its way.
            await Task.Run(() => courier.DeliverAsync(notification, CancellationToken.None));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The lease ends and it is tried again; nothing that goes wrong with one may stop the others.
            LogDeliveryFailed(logger, notification.Id, fault);
        }
        finally
        {
            _sending.TryRemove(notification.Id, out _);
            _free.Release();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The queue cannot be read; trying again: {Reason}")]
    private static partial void LogClaimFailed(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Error, "Delivering notification {NotificationId} failed; it is tried again when its lease ends")]
    private static partial void LogDeliveryFailed(ILogger logger, Guid notificationId, Exception fault);
}
