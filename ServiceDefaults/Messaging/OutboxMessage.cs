using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Messaging;

/// <summary>An event waiting in the database of its service until the broker has confirmed it.</summary>
public sealed class OutboxMessage
{
    /// <summary>How many partitions share the relaying. Events of one aggregate are always in the same one.</summary>
    public const int Partitions = 16;

    private OutboxMessage()
    {
    }

    /// <summary>Given by the database; grows within a partition in the order of insertion.</summary>
    public long Id { get; private set; }

    /// <summary>The envelope's id, sent as the message id.</summary>
    public Guid EventId { get; private set; }

    /// <summary>Name in <see cref="EventCatalogue"/>.</summary>
    public string Type { get; private set; } = "";

    /// <summary>The aggregate whose order is kept, for example a user's id.</summary>
    public string Aggregate { get; private set; } = "";

    /// <summary>0 to <see cref="Partitions"/> - 1, by hash of the aggregate.</summary>
    public short Partition { get; private set; }

    /// <summary>The event as JSON.</summary>
    public string Payload { get; private set; } = "";

    /// <summary>W3C traceparent of the change, so that delivery belongs to the same trace.</summary>
    public string? TraceParent { get; private set; }

    /// <summary>UTC instant of the event; the age of the oldest row is the lag.</summary>
    public DateTimeOffset OccurredAt { get; private set; }

    /// <summary>Why this row can never be sent as it is, null for one that waits its turn.</summary>
    public string? Fault { get; private set; }

    /// <summary>The row of an event, in the trace of the current activity.</summary>
    /// <param name="message">The event.</param>
    /// <param name="aggregate">Events of one aggregate are delivered in the order of their rows.</param>
    /// <exception cref="InvalidOperationException">A record for the audit log is not as <see cref="ActionCatalogue"/> has its action.</exception>
    public static OutboxMessage From(IIntegrationEvent message, string aggregate)
    {
        if (message is AuditRecorded record)
        {
            ActionCatalogue.Require(record);
        }

        var type = message.GetType();
        return new OutboxMessage
        {
            EventId = message.Envelope.Id,
            Type = type.Name,
            Aggregate = aggregate,
            Partition = PartitionOf(aggregate),
            Payload = JsonSerializer.Serialize(message, type, EventCatalogue.Json),
            TraceParent = Activity.Current?.Id,
            OccurredAt = message.Envelope.OccurredAt,
        };
    }

    // FNV-1a: stable over processes and versions, which string.GetHashCode is not.
    private static short PartitionOf(string aggregate)
    {
        var hash = 2166136261u;
        foreach (var octet in Encoding.UTF8.GetBytes(aggregate))
        {
            hash = unchecked((hash ^ octet) * 16777619);
        }

        return (short)(hash % Partitions);
    }
}
