using Npgsql;
using NotificationService.Delivery;
using NotificationService.Inbox;

namespace NotificationService.Data;

/// <summary>Hears from PostgreSQL, on one connection, what any replica has committed. Those who wait poll as well.</summary>
internal sealed partial class DatabaseListener(
    NpgsqlDataSource database, QueueSignal queue, InboxSignals inbox, ILogger<DatabaseListener> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                LogListeningFailed(logger, fault.Message);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, told) => Hear(told);
        await using (var listen = new NpgsqlCommand($"LISTEN {WakeUps.QueueChannel}; LISTEN {WakeUps.InboxChannel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        // Something may have been committed while nobody listened.
        queue.Wake();
        inbox.WakeAll();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private void Hear(NpgsqlNotificationEventArgs told)
    {
        if (told.Channel == WakeUps.QueueChannel)
        {
            queue.Wake();
        }
        else if (Guid.TryParse(told.Payload, out var user))
        {
            inbox.Wake(user);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Listening to the database failed; polling meanwhile: {Reason}")]
    private static partial void LogListeningFailed(ILogger logger, string reason);
}
