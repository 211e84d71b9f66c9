using Npgsql;
using NpgsqlTypes;

namespace AuditService.Recording;

/// <summary>
/// Writes rows by binary COPY into a temporary table and from there, without the ones that are already in the log, into
/// the day's partitions, in one transaction. Keeps its connection and with it the temporary table; after a failure both are made anew.
/// </summary>
internal sealed class RecordCopy(NpgsqlDataSource database) : IAsyncDisposable
{
    private const string Columns =
        """
        id, occurred_at, received_at, tenant_id, actor_kind, actor_id, actor_name, session_id, address, user_agent, action,
        resource_type, resource_id, severity, result, duration_ms, before, after, detail, trace_id, method, path, route,
        status, request_id, marks
        """;

    private const string Stage =
        """
        CREATE TEMP TABLE staged (LIKE audit_records) ON COMMIT DELETE ROWS;
        ALTER TABLE staged DROP COLUMN search, ADD COLUMN words text[] NOT NULL;
        """;

    private const string Insert =
        $"""
        INSERT INTO audit_records ({Columns}, search)
        SELECT {Columns}, array_to_tsvector(words) FROM staged
        ORDER BY occurred_at, id
        ON CONFLICT DO NOTHING
        """;

    private NpgsqlConnection? _connection;

    /// <summary>Gives back how many rows were new.</summary>
    public async Task<int> WriteAsync(IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        try
        {
            _connection ??= await OpenAsync(cancellationToken);
            await using var transaction = await _connection.BeginTransactionAsync(cancellationToken);
            await CopyAsync(_connection, rows, cancellationToken);
            await using var insert = new NpgsqlCommand(Insert, _connection);
            var fresh = await insert.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return fresh;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var stage = new NpgsqlCommand(Stage, connection);
            await stage.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            $"COPY staged ({Columns}, words) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var row in rows)
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
            await copy.WriteAsync(row.Words, NpgsqlDbType.Array | NpgsqlDbType.Text, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static Task WriteAsync<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : class =>
        value is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(value, type, cancellationToken);

    private static Task WriteAsync<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : struct =>
        value is { } known ? copy.WriteAsync(known, type, cancellationToken) : copy.WriteNullAsync(cancellationToken);
}
