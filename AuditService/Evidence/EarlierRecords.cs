using System.Security.Cryptography;
using Npgsql;

namespace AuditService.Evidence;

/// <summary>
/// Gives leaves to the records of a log that is older than its tree, in the order in which they were received. Only to
/// an empty tree: later a row without a leaf is one that somebody put there.
/// </summary>
internal sealed class EarlierRecords(NpgsqlDataSource database, LogKey key, EvidenceState state, TimeProvider time) : IHostedLifecycleService
{
    private const int Batch = 5000;

    private const string Update =
        """
        UPDATE audit_records row SET leaf_index = leaf.index, salt = leaf.salt
        FROM unnest($1, $2, $3, $4) AS leaf (id, at, index, salt) WHERE row.id = leaf.id AND row.occurred_at = leaf.at
        """;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var turn = new NpgsqlCommand(TreeStore.Lock, connection))
        {
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        var (size, head) = await TreeStore.HeadAsync(connection, cancellationToken);
        if (size > 0 || head is not null || state.Known is not null)
        {
            return;
        }

        // One transaction for all: a log is either older than its tree or has one.
        var edge = new TileEdge();
        while (await AddAsync(connection, edge, cancellationToken))
        {
        }

        if (edge.Size == 0)
        {
            return;
        }

        var first = new Checkpoint(key.Value.Name, edge.Size, edge.Root(), time.GetUtcNow());
        await using var store = new NpgsqlBatch(connection) { BatchCommands = { TreeStore.StoreHead(edge.Size, first.Sign(key.Value)) } };
        await store.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task<bool> AddAsync(NpgsqlConnection connection, TileEdge edge, CancellationToken cancellationToken)
    {
        var rows = await StoredRows.ReadAsync(
            connection, $"WHERE leaf_index IS NULL ORDER BY received_at, id LIMIT {Batch}", [], cancellationToken);
        if (rows.Count == 0)
        {
            return false;
        }

        var leaf = new RecordLeaf();
        List<long> indexes = [];
        List<byte[]> salts = [];
        foreach (var row in rows)
        {
            var salt = RandomNumberGenerator.GetBytes(RecordLeaf.SaltSize);
            indexes.Add(edge.Size);
            salts.Add(salt);
            edge.Append(leaf.Hash(row.Row, salt));
        }

        await using var store = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(Update)
                {
                    Parameters =
                    {
                        new() { Value = rows.Select(row => row.Row.Id).ToArray() },
                        new() { Value = rows.Select(row => row.Row.OccurredAt).ToArray() },
                        new() { Value = indexes.ToArray() },
                        new() { Value = salts.ToArray() },
                    },
                },
                TreeStore.StoreTiles(edge.TakeChanged()),
            },
        };
        await store.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }
}
