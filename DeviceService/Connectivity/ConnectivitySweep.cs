using DeviceService.Devices;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Connectivity;

/// <summary>
/// Finds devices that have fallen silent and moves them to late and offline, together with the events of it. Silence
/// counts from the last heartbeat or from the time since when this service has listened, whichever is later.
/// </summary>
internal sealed class ConnectivitySweep(
    NpgsqlDataSource database, DeviceMetrics metrics, IOptions<ConnectivityOptions> options, TimeProvider time)
{
    private const int BatchSize = 5_000;

    // Only within this database. One replica sweeps; the lock goes with its transaction.
    private const string TakeLock = "SELECT pg_try_advisory_xact_lock(hashtext('connectivity_sweep'))";

    // A row that a heartbeat is just writing is skipped: that device is not silent. States: 1 online, 2 late, 3 offline.
    private const string Move =
        """
        WITH silent AS (
            SELECT s.device_id,
                   CASE WHEN GREATEST(s.last_seen_at, @since) <= @now - COALESCE(p.offline_after, @offline_after) THEN 3 ELSE 2 END AS next
            FROM device_signals s
            LEFT JOIN unnest(@profiles, @late, @offline) AS p (name, late_after, offline_after) ON p.name = s.profile
            WHERE (s.state = 1 AND GREATEST(s.last_seen_at, @since) <= @now - COALESCE(p.late_after, @late_after))
               OR (s.state = 2 AND GREATEST(s.last_seen_at, @since) <= @now - COALESCE(p.offline_after, @offline_after))
            LIMIT @batch
            FOR NO KEY UPDATE OF s SKIP LOCKED
        )
        UPDATE device_signals AS s
        SET previous_state = s.state, state = silent.next, changed_at = @now
        FROM silent JOIN devices d ON d.id = silent.device_id
        WHERE s.device_id = silent.device_id
        RETURNING s.device_id, s.tenant_id, d.name, s.previous_state, s.state, s.last_seen_at
        """;

    /// <summary>Moves every device that is due; null when another replica is at it.</summary>
    /// <param name="since">Since when heartbeats could be received without a break.</param>
    public async Task<int?> RunAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        for (var total = 0; ;)
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var take = new NpgsqlCommand(TakeLock, connection))
            {
                if (await take.ExecuteScalarAsync(cancellationToken) is not true)
                {
                    return null;
                }
            }

            var moved = await MoveAsync(connection, since, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            foreach (var states in moved.CountBy(one => one.Current))
            {
                metrics.Moved(states.Key, states.Value);
            }

            total += moved.Count;
            if (moved.Count < BatchSize)
            {
                return total;
            }
        }
    }

    private async Task<List<Transition>> MoveAsync(
        NpgsqlConnection connection, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        List<Transition> moved = [];
        await using (var command = CommandOf(connection, since, now))
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                moved.Add(new Transition(
                    rows.GetGuid(0),
                    rows.GetGuid(1),
                    rows.GetString(2),
                    (DeviceConnectivity)rows.GetInt16(3),
                    (DeviceConnectivity)rows.GetInt16(4),
                    await rows.IsDBNullAsync(5, cancellationToken) ? null : rows.GetFieldValue<DateTimeOffset>(5)));
            }
        }

        OutboxBatch outbox = new();
        moved.ForEach(transition => transition.AddTo(outbox, now));
        await outbox.WriteAsync(connection, cancellationToken);
        return moved;
    }

    private NpgsqlCommand CommandOf(NpgsqlConnection connection, DateTimeOffset since, DateTimeOffset now)
    {
        var profiles = options.Value.Profiles;
        var fallback = options.Value.Of(ConnectivityProfile.Default);
        var command = new NpgsqlCommand(Move, connection);
        command.Parameters.AddWithValue("since", since);
        command.Parameters.AddWithValue("now", now);
        command.Parameters.AddWithValue("batch", BatchSize);
        command.Parameters.AddWithValue("profiles", profiles.Keys.ToArray());
        command.Parameters.AddWithValue("late", profiles.Values.Select(profile => profile.LateAfter).ToArray());
        command.Parameters.AddWithValue("offline", profiles.Values.Select(profile => profile.OfflineAfter).ToArray());
        command.Parameters.AddWithValue("late_after", fallback.LateAfter);
        command.Parameters.AddWithValue("offline_after", fallback.OfflineAfter);
        return command;
    }
}
