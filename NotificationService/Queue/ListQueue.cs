using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NotificationService.Data;
using ServiceDefaults.Paging;

namespace NotificationService.Queue;

/// <summary>What to show of the queue.</summary>
public sealed class QueueFilter
{
    [AllowedValues(null, "pending", "sending", "sent", "failed", "dead", "cancelled", ErrorMessage = "There is no such status.")]
    public string? Status { get; init; }

    /// <summary>The whole address; case does not matter.</summary>
    [StringLength(320)]
    [RegularExpression(@"[^\p{Cc}]*", ErrorMessage = "The value has control characters.")]
    public string? Recipient { get; init; }

    [Range(1, PageLimits.Most)]
    public int? Limit { get; init; }

    [CursorFormat]
    public string? Cursor { get; init; }
}

/// <summary>The queue newest first.</summary>
internal static class ListQueue
{
    public static async Task<Ok<Page<QueuedNotification>>> HandleAsync(
        [AsParameters] QueueFilter filter, NotificationDbContext database, CancellationToken cancellationToken)
    {
        IQueryable<Notification> rows = database.Notifications.AsNoTracking();
        if (filter.Status is { } text)
        {
            var status = NotificationStatusText.Parse(text);
            rows = rows.Where(row => row.Status == status);
        }

        if (filter.Recipient?.ToLowerInvariant() is { } recipient)
        {
#pragma warning disable CA1862, CA1304, CA1311, MA0011 // Translated to SQL, where lower() has an index.
            rows = rows.Where(row => row.Recipient.ToLower() == recipient);
#pragma warning restore CA1862, CA1304, CA1311, MA0011
        }

        if (Cursor.TryParse(filter.Cursor, out var last))
        {
            var (at, id) = (last.At, last.Id);
            rows = rows.Where(row => EF.Functions.LessThan(ValueTuple.Create(row.CreatedAt, row.Id), ValueTuple.Create(at, id)));
        }

        var limit = filter.Limit ?? PageLimits.Default;
        var page = await rows
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .Select(QueuedNotification.From)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(
            Page<QueuedNotification>.From(page, limit, row => new Cursor(row.CreatedAt, row.Id).ToString()));
    }
}
