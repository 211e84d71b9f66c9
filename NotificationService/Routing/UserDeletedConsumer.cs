using MassTransit;
using Microsoft.EntityFrameworkCore;
using NotificationService.Data;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>
/// Erases a deleted person: the inbox, mails that wait, and who the mails of the past went to. The rows of those stay, so
/// that figures and attempts stay true.
/// </summary>
internal sealed class UserDeletedConsumer(NotificationDbContext database) : IConsumer<UserDeleted>
{
    public async Task Consume(ConsumeContext<UserDeleted> context)
    {
        var (user, cancellationToken) = (context.Message.UserId, context.CancellationToken);
        await database.Database.ExecuteSqlAsync($"DELETE FROM inbox_entries WHERE user_id = {user}", cancellationToken);
        await database.Database.ExecuteSqlAsync($"DELETE FROM inbox_positions WHERE user_id = {user}", cancellationToken);
        await database.Database.ExecuteSqlAsync(
            $$"""
            UPDATE notifications SET
                status = CASE WHEN status IN ('pending', 'failed') THEN 'cancelled' ELSE status END,
                recipient = 'erased', recipient_name = NULL, payload = '{}'::jsonb
            WHERE user_id = {{user}}
            """,
            cancellationToken);
    }
}
