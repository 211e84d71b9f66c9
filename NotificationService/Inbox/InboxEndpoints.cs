using ServiceDefaults.Authentication;

namespace NotificationService.Inbox;

/// <summary>The caller's own inbox.</summary>
internal static class InboxEndpoints
{
    public static void MapInboxEndpoints(this IEndpointRouteBuilder app)
    {
        var inbox = app.MapGroup("/api/v1/notifications").WithTags("Inbox").RequireScope(Scopes.IdentitySelf);
        inbox.MapGet("", ReadInbox.ListAsync).WithName("ListInbox");
        inbox.MapGet("/{id:guid}", ReadInbox.ShowAsync).WithName("ShowInboxEntry");
        inbox.MapGet("/unread-count", ReadInbox.CountAsync).WithName("CountUnread");
        inbox.MapPost("/{id:guid}/read", MarkRead.OneAsync).WithName("MarkRead");
        inbox.MapPost("/read-all", MarkRead.AllAsync).WithName("MarkAllRead");
        inbox.MapGet("/stream", StreamInbox.Handle).WithName("StreamInbox");
    }
}
