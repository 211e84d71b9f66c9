namespace ServiceDefaults.Messaging;

/// <summary>The row whose lock gives one relay at a time the right to send a partition.</summary>
internal sealed class OutboxPartition
{
    public short Partition { get; init; }
}
