using System.Net;
using AuditService.Recording;
using Npgsql;

namespace AuditService.Evidence;

/// <summary>A row of the log with what its leaf is made of.</summary>
/// <param name="Row">The record; without the words of the search.</param>
/// <param name="Index">Its leaf; null for a row that has none.</param>
/// <param name="Salt">Null once the personal part was erased.</param>
/// <param name="PersonalDigest">Digest of an erased personal part.</param>
internal sealed record StoredRow(AuditRow Row, long? Index, byte[]? Salt, byte[]? PersonalDigest)
{
    /// <summary>The leaf that belongs to what is stored; null when what that takes is not there.</summary>
    public byte[]? Hash(RecordLeaf leaf) => (Salt, PersonalDigest) switch
    {
        ({ } salt, null) => leaf.Hash(Row, salt),
        (null, { } digest) => leaf.HashErased(Row, digest),
        _ => null,
    };
}

/// <summary>Reads rows as they are stored, past the context and its tenants: for the evidence and for exports.</summary>
internal static class StoredRows
{
    private const string Select =
        """
        SELECT id, occurred_at, received_at, tenant_id, actor_kind, actor_id, actor_name, session_id, address, user_agent,
            action, resource_type, resource_id, severity, result, duration_ms, before::text, after::text, detail::text,
            trace_id, method, path, route, status, request_id, marks, leaf_index, salt, personal_digest
        FROM audit_records
        """;

    /// <param name="connection">Open.</param>
    /// <param name="rest">The statement from WHERE on; a constant.</param>
    /// <param name="parameters">Of the rest, from $1.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<List<StoredRow>> ReadAsync(
        NpgsqlConnection connection, string rest, IReadOnlyList<object> parameters, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"{Select}\n{rest}", connection);
        foreach (var value in parameters)
        {
            command.Parameters.Add(new() { Value = value });
        }

        List<StoredRow> rows = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(Read(reader));
        }

        return rows;
    }

    private static StoredRow Read(NpgsqlDataReader reader) => new(
        new AuditRow
        {
            Id = reader.GetGuid(0),
            OccurredAt = reader.GetFieldValue<DateTimeOffset>(1),
            ReceivedAt = reader.GetFieldValue<DateTimeOffset>(2),
            TenantId = reader.IsDBNull(3) ? null : reader.GetGuid(3),
            ActorKind = reader.GetString(4),
            ActorId = reader.GetString(5),
            ActorName = Text(reader, 6),
            SessionId = Text(reader, 7),
            Address = reader.IsDBNull(8) ? null : reader.GetFieldValue<IPAddress>(8),
            UserAgent = Text(reader, 9),
            Action = reader.GetString(10),
            ResourceType = reader.GetString(11),
            ResourceId = Text(reader, 12),
            Severity = reader.GetString(13),
            Result = reader.GetString(14),
            DurationMs = reader.IsDBNull(15) ? null : reader.GetDouble(15),
            Before = Text(reader, 16),
            After = Text(reader, 17),
            Detail = Text(reader, 18),
            TraceId = Text(reader, 19),
            Method = Text(reader, 20),
            Path = Text(reader, 21),
            Route = Text(reader, 22),
            Status = reader.IsDBNull(23) ? null : reader.GetInt16(23),
            RequestId = Text(reader, 24),
            Words = [],
            Marks = reader.GetFieldValue<string[]>(25),
        },
        reader.IsDBNull(26) ? null : reader.GetInt64(26),
        reader.IsDBNull(27) ? null : reader.GetFieldValue<byte[]>(27),
        reader.IsDBNull(28) ? null : reader.GetFieldValue<byte[]>(28));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
