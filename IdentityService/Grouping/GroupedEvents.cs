using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Messaging;

namespace IdentityService.Grouping;

/// <summary>
/// Commits events that tell of no change beside them, as that a token was issued, together with those of other requests:
/// one statement and one sync of the disk for all of a group.
/// </summary>
internal sealed class GroupedEvents
{
    private const string Statement =
        """
        INSERT INTO outbox (event_id, type, aggregate, partition, payload, trace_parent, occurred_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        """;

    private readonly NpgsqlDataSource _database;
    private readonly Grouped<OutboxMessage, bool> _group;

    public GroupedEvents(NpgsqlDataSource database) => (_database, _group) = (database, new(WriteAsync));

    /// <summary>Returns once it is committed.</summary>
    public Task AddAsync(OutboxMessage message, CancellationToken cancellationToken) => _group.AskAsync(message, cancellationToken);

    /// <summary>Adds the columns of a statement, in the order of the table's: arrays with an element for each message.</summary>
    public static void AddColumns(NpgsqlCommand statement, IReadOnlyList<OutboxMessage> messages)
    {
        Columns.Add(statement, messages, NpgsqlDbType.Uuid, static message => message.EventId);
        Columns.Add(statement, messages, NpgsqlDbType.Varchar, static message => message.Type);
        Columns.Add(statement, messages, NpgsqlDbType.Varchar, static message => message.Aggregate);
        Columns.Add(statement, messages, NpgsqlDbType.Smallint, static message => message.Partition);
        Columns.Add(statement, messages, NpgsqlDbType.Text, static message => message.Payload);
        Columns.Add(statement, messages, NpgsqlDbType.Varchar, static message => message.TraceParent);
        Columns.Add(statement, messages, NpgsqlDbType.TimestampTz, static message => message.OccurredAt.UtcDateTime);
    }

    private async Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<OutboxMessage> messages)
    {
        await using var statement = _database.CreateCommand(Statement);
        AddColumns(statement, messages);
        await statement.ExecuteNonQueryAsync();
        return new bool[messages.Count];
    }
}
