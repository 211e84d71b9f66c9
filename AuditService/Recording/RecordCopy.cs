using Npgsql;
using NpgsqlTypes;

namespace AuditService.Recording;

/// <summary>Writes rows by binary COPY into the log, from where PostgreSQL puts each into its day's partition.</summary>
internal static class RecordCopy
{
    private const string Copy =
        """
        COPY audit_records (
            id, occurred_at, received_at, tenant_id, actor_kind, actor_id, actor_name, session_id, address, user_agent, action,
            resource_type, resource_id, severity, result, duration_ms, before, after, detail, trace_id, method, path, route,
            status, request_id, marks, search, leaf_index, salt)
        FROM STDIN (FORMAT BINARY)
        """;

    public static async Task WriteAsync(
        NpgsqlConnection connection,
        IReadOnlyList<(AuditRow Row, long Index, byte[] Salt)> leaves,
        CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(Copy, cancellationToken);
        foreach (var (row, index, salt) in leaves)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(row.Id, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(row.OccurredAt, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(row.ReceivedAt, NpgsqlDbType.TimestampTz, cancellationToken);
            await WriteAsync(copy, row.TenantId, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(row.ActorKind, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.ActorId, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.ActorName, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.SessionId, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.Address, NpgsqlDbType.Inet, cancellationToken);
            await WriteAsync(copy, row.UserAgent, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Action, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.ResourceType, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.ResourceId, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Severity, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Result, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.DurationMs, NpgsqlDbType.Double, cancellationToken);
            await WriteAsync(copy, row.Before, NpgsqlDbType.Jsonb, cancellationToken);
            await WriteAsync(copy, row.After, NpgsqlDbType.Jsonb, cancellationToken);
            await WriteAsync(copy, row.Detail, NpgsqlDbType.Jsonb, cancellationToken);
            await WriteAsync(copy, row.TraceId, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.Method, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.Path, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.Route, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, row.Status, NpgsqlDbType.Smallint, cancellationToken);
            await WriteAsync(copy, row.RequestId, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(row.Marks, NpgsqlDbType.Array | NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(Vector(row.Words), NpgsqlDbType.TsVector, cancellationToken);
            await copy.WriteAsync(index, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(salt, NpgsqlDbType.Bytea, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static Task WriteAsync<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : class =>
        value is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(value, type, cancellationToken);

    private static Task WriteAsync<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : struct =>
        value is { } known ? copy.WriteAsync(known, type, cancellationToken) : copy.WriteNullAsync(cancellationToken);

    // Obsolete since it does not know all of PostgreSQL's syntax; words of letters and digits have none.
#pragma warning disable CS0618
    private static NpgsqlTsVector Vector(string[] words) => NpgsqlTsVector.Parse(string.Join(' ', words));
#pragma warning restore CS0618
}
