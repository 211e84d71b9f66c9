using ServiceDefaults.Authentication;

namespace NotificationService.Queue;

/// <summary>The queue, for administrators of a tenant.</summary>
internal static class QueueEndpoints
{
    public static void MapQueueEndpoints(this IEndpointRouteBuilder app)
    {
        var queue = app.MapGroup("/api/v1/notifications/queue").WithTags("Notification queue")
            .RequireScope(Scopes.NotificationsAdmin);
        queue.MapGet("", ListQueue.HandleAsync).WithName("ListNotificationQueue");
        queue.MapGet("/{id:guid}", ShowQueued.HandleAsync).WithName("ShowQueuedNotification");
        queue.MapPost("/{id:guid}/retry", RetryNotification.HandleAsync).WithName("RetryNotification");
        queue.MapPost("/{id:guid}/cancel", CancelNotification.HandleAsync).WithName("CancelNotification");
    }
}
