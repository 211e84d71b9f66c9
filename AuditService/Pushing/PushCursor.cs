using AuditService.Data;
using Npgsql;

namespace AuditService.Pushing;

/// <summary>How far a receiver has the log. What is pending is sent with the same bounds until it is taken.</summary>
/// <param name="Next">The first leaf that was not acknowledged.</param>
/// <param name="Pending">Leaf after the last one of the batch on its way; null when none is.</param>
/// <param name="Size">Leaves of the log.</param>
/// <param name="WaitingSince">When the first record that was not acknowledged was received; null when there is none.</param>
/// <param name="Reason">Why the last attempt failed; null when it did not.</param>
internal sealed record PushCursor(long Next, long? Pending, long Size, DateTimeOffset? WaitingSince, string? Reason)
{
    private const string Select =
        """
        SELECT cursor.next, cursor.pending, tree.size, cursor.reason,
            (SELECT record.received_at FROM audit_records record WHERE record.leaf_index = cursor.next LIMIT 1)
        FROM audit_push cursor, audit_tree tree WHERE cursor.name = $1
        """;

    /// <summary>Records that were not acknowledged.</summary>
    public long Behind => Size - Next;

    /// <summary>Null before anything was pushed under that name.</summary>
    public static async Task<PushCursor?> ReadAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = connection.Command(Select, name);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new PushCursor(
                reader.GetInt64(0),
                reader.IsDBNull(1) ? null : reader.GetInt64(1),
                reader.GetInt64(2),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(3) ? null : reader.GetString(3))
            : null;
    }

    public static Task CreateAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("INSERT INTO audit_push (name, next) VALUES ($1, 0) ON CONFLICT DO NOTHING", cancellationToken, name);

    /// <summary>A batch is on its way: kept before it is sent, so that a successor sends the same.</summary>
    public static Task BeginAsync(NpgsqlConnection connection, string name, long from, long to, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("UPDATE audit_push SET pending = $3 WHERE name = $1 AND next = $2", cancellationToken, name, from, to);

    /// <summary>It was taken; <paramref name="root"/> is of the tree up to there.</summary>
    public static Task AcknowledgeAsync(
        NpgsqlConnection connection, string name, long from, long to, byte[] root, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            "UPDATE audit_push SET next = $3, pending = NULL, root = $4, delivered_at = $5, reason = NULL WHERE name = $1 AND next = $2",
            cancellationToken, name, from, to, root, now);

    /// <summary>It was not.</summary>
    public static Task FailAsync(NpgsqlConnection connection, string name, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("UPDATE audit_push SET reason = $2, failed_at = $3 WHERE name = $1", cancellationToken, name, reason, now);
}
