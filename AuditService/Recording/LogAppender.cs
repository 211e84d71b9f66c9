using System.Security.Cryptography;
using AuditService.Completeness;
using AuditService.Evidence;
using Npgsql;

namespace AuditService.Recording;

/// <summary>
/// Adds records to the log: rows, leaves and the signed head of the tree in one transaction, so that there is no record
/// without a leaf. One at a time over all replicas, under a lock that is held until the commit; that makes the order of
/// leaves the order of commits, and the numbering gapless. Keeps its connection, which writes as the role that may only add.
/// </summary>
internal sealed class LogAppender(NpgsqlDataSource database, LogKey key, EvidenceState state, TimeProvider time) : IAsyncDisposable
{
    // A hash or merge join would read a whole day for a few ids. What is switched off counts as cost, beyond which
    // PostgreSQL compiles even the reading of one row, for some 30 ms. A head that was published must not be lost with
    // the server, whatever is set for it.
    private const string Prepare =
        """
        SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off;
        SET synchronous_commit = on;
        DO $$ BEGIN EXECUTE format('SET ROLE %I', current_database() || '_ingest'); END $$;
        """;

    private const string Present =
        """
        SELECT asked.n::int FROM unnest($1, $2) WITH ORDINALITY AS asked (id, at, n)
        WHERE EXISTS (
            SELECT FROM audit_records stored
            WHERE stored.id = asked.id AND stored.occurred_at = asked.at AND stored.occurred_at BETWEEN $3 AND $4)
        """;

    private readonly RecordLeaf _leaf = new();
    private NpgsqlConnection? _connection;
    private TileEdge? _edge;
    private string? _head;

    /// <summary>Gives back how many rows were new.</summary>
    /// <exception cref="BrokenTreeException">The stored tree is not the one that was signed; nothing was added.</exception>
    public async Task<int> AppendAsync(IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(rows, cancellationToken);
        }
        catch
        {
            // The edge may have leaves that the database has not.
            _edge = null;
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

    private async Task<int> WriteAsync(IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        _connection ??= await OpenAsync(cancellationToken);
        await using var transaction = await _connection.BeginTransactionAsync(cancellationToken);
        var (size, head, fresh) = await LookAsync(_connection, rows, cancellationToken);
        if (fresh.Count == 0)
        {
            await transaction.CommitAsync(cancellationToken);
            return 0;
        }

        var edge = await EdgeAsync(_connection, size, head, cancellationToken);
        var leaves = Leaves(fresh, edge);
        await RecordCopy.WriteAsync(_connection, leaves, cancellationToken);

        var now = new Checkpoint(key.Value.Name, edge.Size, edge.Root(), time.GetUtcNow());
        var signed = now.Sign(key.Value);
        await using (var store = new NpgsqlBatch(_connection))
        {
            store.BatchCommands.Add(TreeStore.StoreTiles(edge.TakeChanged()));
            store.BatchCommands.Add(TreeStore.StoreHead(edge.Size, signed));
            if (RequestNumbers.Store(fresh) is { } numbers)
            {
                store.BatchCommands.Add(numbers);
            }

            await store.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        (_edge, _head) = (edge, signed);
        state.Learn(now, signed);
        return fresh.Count;
    }

    /// <summary>Takes the lock, and only then looks at the head and at which records are there already.</summary>
    private static async Task<(long Size, string? Head, List<AuditRow> Fresh)> LookAsync(
        NpgsqlConnection connection, IReadOnlyList<AuditRow> rows, CancellationToken cancellationToken)
    {
        await using var look = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(TreeStore.Lock),
                new(TreeStore.SelectHead),
                new(Present)
                {
                    Parameters =
                    {
                        new() { Value = rows.Select(row => row.Id).ToArray() },
                        new() { Value = rows.Select(row => row.OccurredAt).ToArray() },
                        new() { Value = rows.Min(row => row.OccurredAt) },
                        new() { Value = rows.Max(row => row.OccurredAt) },
                    },
                },
            },
        };
        await using var reader = await look.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            throw new BrokenTreeException("The tree's head is missing.");
        }

        var (size, head) = (reader.GetInt64(0), await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1));
        await reader.NextResultAsync(cancellationToken);
        HashSet<int> present = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            present.Add(reader.GetInt32(0) - 1);
        }

        // A message that was delivered twice may also stand in one batch twice.
        return (size, head, [.. rows.Where((_, at) => !present.Contains(at)).DistinctBy(row => (row.Id, row.OccurredAt))]);
    }

    private async Task<TileEdge> EdgeAsync(NpgsqlConnection connection, long size, string? head, CancellationToken cancellationToken) =>
        _edge is { } mine && head == _head && mine.Size == size
            ? mine
            : await TreeHead.CheckAsync(connection, size, head, key.Value, state.Known, cancellationToken);

    private List<(AuditRow Row, long Index, byte[] Salt)> Leaves(List<AuditRow> rows, TileEdge edge)
    {
        var salts = RandomNumberGenerator.GetBytes(rows.Count * RecordLeaf.SaltSize);
        List<(AuditRow, long, byte[])> leaves = new(rows.Count);
        for (var at = 0; at < rows.Count; at++)
        {
            var salt = salts.AsSpan(at * RecordLeaf.SaltSize, RecordLeaf.SaltSize).ToArray();
            leaves.Add((rows[at], edge.Size, salt));
            edge.Append(_leaf.Hash(rows[at], salt));
        }

        return leaves;
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var prepare = new NpgsqlCommand(Prepare, connection);
            await prepare.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
