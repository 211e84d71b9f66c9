using System.Globalization;
using Npgsql;

namespace ServiceDefaults.Messaging;

/// <summary>What the relay does to the outbox, within its transaction.</summary>
internal static class OutboxTable
{
    private const string LockPartition =
        """
        SELECT p.partition FROM outbox_partitions p
        WHERE p.partition <> ALL (@tried)
          AND EXISTS (SELECT FROM outbox o WHERE o.partition = p.partition AND o.fault IS NULL)
        ORDER BY random()
        LIMIT 1
        FOR UPDATE OF p SKIP LOCKED
        """;

    private const string ReadRows =
        """
        SELECT id, event_id, type, aggregate, payload, trace_parent, occurred_at FROM outbox
        WHERE partition = @partition AND fault IS NULL AND aggregate <> ALL (@refused)
        ORDER BY id LIMIT @limit
        """;

    /// <summary>
    /// Takes a partition that has rows and no other relay; null when there is none. The server ends the transaction of a
    /// relay that is silent for the lease, a stopped process for one, and the partition is free again.
    /// </summary>
    public static async Task<short?> LockPartitionAsync(
        NpgsqlConnection connection, IReadOnlyList<short> tried, TimeSpan lease, CancellationToken cancellationToken)
    {
        var silence = ((long)lease.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        await using var command = new NpgsqlCommand(
            $"SET LOCAL idle_in_transaction_session_timeout = {silence}; {LockPartition}", connection);
        command.Parameters.AddWithValue("tried", tried.ToArray());
        return await command.ExecuteScalarAsync(cancellationToken) as short?;
    }

    /// <summary>The oldest rows of the partition that are of no refused aggregate, in order.</summary>
    public static async Task<List<OutboxRow>> ReadAsync(
        NpgsqlConnection connection, short partition, IEnumerable<string> refused, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadRows, connection);
        command.Parameters.AddWithValue("refused", refused.ToArray());
        command.Parameters.AddWithValue("partition", partition);
        command.Parameters.AddWithValue("limit", limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<OutboxRow> rows = new(limit);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new OutboxRow(
                reader.GetInt64(0),
                reader.GetGuid(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5),
                reader.GetFieldValue<DateTimeOffset>(6)));
        }

        return rows;
    }

    public static async Task DeleteAsync(
        NpgsqlConnection connection, IReadOnlyCollection<OutboxRow> sent, CancellationToken cancellationToken)
    {
        if (sent.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand("DELETE FROM outbox WHERE id = ANY (@ids)", connection);
        command.Parameters.AddWithValue("ids", sent.Select(row => row.Id).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Sets rows aside that nobody can send; they are kept, with the reason.</summary>
    public static async Task SetAsideAsync(
        NpgsqlConnection connection, IReadOnlyCollection<UnsendableRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(
            "UPDATE outbox SET fault = aside.fault FROM unnest(@ids, @faults) AS aside (id, fault) WHERE outbox.id = aside.id", connection);
        command.Parameters.AddWithValue("ids", rows.Select(row => row.Row.Id).ToArray());
        command.Parameters.AddWithValue("faults", rows.Select(row => row.Fault).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Gives rows that were set aside another chance: this build may be the one that can send them.</summary>
    public static async Task<int> TakeBackAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("UPDATE outbox SET fault = NULL WHERE fault IS NOT NULL");
        command.CommandTimeout = 0; // the whole table is read, whatever has gathered there
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>A row as the relay reads it.</summary>
internal sealed record OutboxRow(
    long Id, Guid EventId, string Type, string Aggregate, string Payload, string? TraceParent, DateTimeOffset OccurredAt);

/// <summary>A row that nobody can send, and why.</summary>
internal sealed record UnsendableRow(OutboxRow Row, string Fault);
