using System.Linq.Expressions;
using ServiceDefaults.Data;

namespace NotificationService.Inbox;

/// <summary>A message in somebody's inbox.</summary>
internal sealed class InboxEntry : ITenantOwned
{
    public Guid Id { get; init; }

    public Guid TenantId { get; init; }

    public Guid UserId { get; init; }

    public required string Kind { get; init; }

    public required string Title { get; init; }

    public required string Body { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ReadAt { get; private set; }

    /// <summary>
    /// Grows by the order of commits within a person's inbox, given by a trigger: a reader that has seen one has missed
    /// none before it, which neither time nor id can promise.
    /// </summary>
    public long Position { get; init; }

    public required string DedupeKey { get; init; }
}

/// <summary>An entry as its owner sees it.</summary>
internal sealed record InboxItem(Guid Id, string Kind, string Title, string Body, DateTimeOffset CreatedAt, DateTimeOffset? ReadAt)
{
    public static readonly Expression<Func<InboxEntry, InboxItem>> From =
        entry => new InboxItem(entry.Id, entry.Kind, entry.Title, entry.Body, entry.CreatedAt, entry.ReadAt);

    public static readonly Func<InboxEntry, InboxItem> Of = From.Compile();
}
