using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Events for the outbox in bulk, for changes made by set-based SQL: thousands go in one COPY, within the transaction
/// of the connection, as <see cref="MessagingModel.AddEvent(Microsoft.EntityFrameworkCore.DbContext, IIntegrationEvent, string)"/> does it for one.
/// </summary>
public sealed class OutboxBatch
{
    private const string Copy =
        "COPY outbox (event_id, type, aggregate, partition, payload, trace_parent, occurred_at) FROM STDIN (FORMAT BINARY)";

    private readonly List<OutboxMessage> _messages = [];

    /// <summary>Adds one; its trace is that of the current activity. Events of one aggregate keep their order.</summary>
    public void Add(IIntegrationEvent message, Guid aggregate) => _messages.Add(OutboxMessage.From(message, aggregate.ToString()));

    /// <summary>Writes them all; nothing when there are none.</summary>
    public async Task WriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_messages.Count == 0)
        {
            return;
        }

        await using var rows = await connection.BeginBinaryImportAsync(Copy, cancellationToken);
        foreach (var message in _messages)
        {
            await rows.StartRowAsync(cancellationToken);
            await rows.WriteAsync(message.EventId, NpgsqlDbType.Uuid, cancellationToken);
            await rows.WriteAsync(message.Type, NpgsqlDbType.Varchar, cancellationToken);
            await rows.WriteAsync(message.Aggregate, NpgsqlDbType.Varchar, cancellationToken);
            await rows.WriteAsync(message.Partition, NpgsqlDbType.Smallint, cancellationToken);
            await rows.WriteAsync(message.Payload, NpgsqlDbType.Text, cancellationToken);
            await WriteOptionalAsync(rows, message.TraceParent, cancellationToken);
            await rows.WriteAsync(message.OccurredAt, NpgsqlDbType.TimestampTz, cancellationToken);
        }

        await rows.CompleteAsync(cancellationToken);
    }

    private static Task WriteOptionalAsync(NpgsqlBinaryImporter rows, string? text, CancellationToken cancellationToken) =>
        text is null ? rows.WriteNullAsync(cancellationToken) : rows.WriteAsync(text, NpgsqlDbType.Varchar, cancellationToken);
}
