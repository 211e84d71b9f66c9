using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NotificationService.Data;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;
using ServiceDefaults.Problems;

namespace NotificationService.Inbox;

/// <summary>How many entries are unread.</summary>
internal sealed record UnreadCount(int Unread);

/// <summary>The caller's inbox, newest first.</summary>
internal static class ReadInbox
{
    public static async Task<Ok<Page<InboxItem>>> ListAsync(
        bool? unread,
        [Range(1, PageLimits.Most)] int? limit,
        [CursorFormat] string? cursor,
        NotificationDbContext database,
        Caller caller,
        CancellationToken cancellationToken)
    {
        var entries = Own(database, caller);
        if (unread is { } wanted)
        {
            entries = entries.Where(entry => entry.ReadAt == null == wanted);
        }

        if (Cursor.TryParse(cursor, out var last))
        {
            var (at, id) = (last.At, last.Id);
            entries = entries.Where(entry => EF.Functions.LessThan(
                ValueTuple.Create(entry.CreatedAt, entry.Id), ValueTuple.Create(at, id)));
        }

        var rows = limit ?? PageLimits.Default;
        var page = await entries
            .OrderByDescending(entry => entry.CreatedAt).ThenByDescending(entry => entry.Id)
            .Take(rows + 1)
            .Select(InboxItem.From)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<InboxItem>.From(page, rows, item => new Cursor(item.CreatedAt, item.Id).ToString()));
    }

    public static async Task<Results<Ok<InboxItem>, ProblemHttpResult>> ShowAsync(
        Guid id, NotificationDbContext database, Caller caller, CancellationToken cancellationToken) =>
        await Own(database, caller).Where(entry => entry.Id == id).Select(InboxItem.From)
            .FirstOrDefaultAsync(cancellationToken) is { } item
            ? TypedResults.Ok(item)
            : Problem.NotFound("There is no such entry in your inbox.");

    public static async Task<Ok<UnreadCount>> CountAsync(
        NotificationDbContext database, Caller caller, CancellationToken cancellationToken) =>
        TypedResults.Ok(new UnreadCount(
            await Own(database, caller).CountAsync(entry => entry.ReadAt == null, cancellationToken)));

    /// <summary>The caller's entries in the caller's tenant: nobody reads another one's inbox, not even a platform administrator.</summary>
    public static IQueryable<InboxEntry> Own(NotificationDbContext database, Caller caller)
    {
        var (user, tenant) = (caller.SubjectId, caller.TenantId);
        return database.Inbox.Where(entry => entry.UserId == user && entry.TenantId == tenant);
    }
}
