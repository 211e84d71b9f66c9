namespace ServiceDefaults.Messaging;

/// <summary>
/// A message that a consumer has handled, written in the handler's own transaction: its primary key is what makes a
/// second delivery harmless. The table is partitioned by range of the message id, which begins with its time (UUIDv7,
/// RFC 9562 section 5.7), so that old rows go by dropping a partition.
/// </summary>
internal sealed class InboxMessage
{
    public Guid MessageId { get; init; }

    public required string Consumer { get; init; }

    public DateTimeOffset HandledAt { get; init; }
}
