using DeviceService.Devices;
using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Connectivity;

/// <summary>
/// Writes a batch of heartbeats in one transaction: one UPDATE for all of them, and the events of those that came online.
/// </summary>
internal sealed class HeartbeatWriter(NpgsqlDataSource database, DeviceMetrics metrics, TimeProvider time)
{
    // State 1 is DeviceConnectivity.Online. The row itself carries its state before, since RETURNING knows only the new
    // one: exact however many processes write at once.
    private const string Update =
        """
        UPDATE device_signals AS s
        SET previous_state = s.state,
            state = 1,
            changed_at = CASE WHEN s.state = 1 THEN s.changed_at ELSE b.at END,
            last_seen_at = GREATEST(s.last_seen_at, b.at),
            reported_status = COALESCE(b.status, s.reported_status),
            reported_version = COALESCE(b.version, s.reported_version),
            uptime_seconds = COALESCE(b.uptime, s.uptime_seconds),
            sequence = COALESCE(b.sequence, s.sequence)
        FROM unnest(@devices, @tenants, @at, @status, @version, @uptime, @sequence)
            AS b (device_id, tenant_id, at, status, version, uptime, sequence)
        WHERE s.device_id = b.device_id AND s.tenant_id = b.tenant_id
        RETURNING s.device_id, s.profile, s.previous_state
        """;

    /// <summary>Writes and commits; gives back the profiles of the devices that exist and are active.</summary>
    /// <param name="batch">One heartbeat a device, sorted by device so that two processes lock rows in one order.</param>
    public async Task<IReadOnlyDictionary<Guid, string>> WriteAsync(
        IReadOnlyList<Heartbeat> batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        Dictionary<Guid, string> profiles = new(batch.Count);
        Dictionary<Guid, DeviceConnectivity> changed = [];
        await using (var update = UpdateOf(batch, connection))
        await using (var rows = await update.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                var device = rows.GetGuid(0);
                profiles[device] = rows.GetString(1);
                if ((DeviceConnectivity)rows.GetInt16(2) is var previous and not DeviceConnectivity.Online)
                {
                    changed[device] = previous;
                }
            }
        }

        if (changed.Count > 0)
        {
            await TellAsync(connection, batch, changed, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        metrics.Moved(DeviceConnectivity.Online, changed.Count);
        return profiles;
    }

    private static NpgsqlCommand UpdateOf(IReadOnlyList<Heartbeat> batch, NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(Update, connection);
        Add("devices", NpgsqlDbType.Uuid, batch.Select(one => one.DeviceId).ToArray());
        Add("tenants", NpgsqlDbType.Uuid, batch.Select(one => one.TenantId).ToArray());
        Add("at", NpgsqlDbType.TimestampTz, batch.Select(one => one.At).ToArray());
        Add("status", NpgsqlDbType.Text, batch.Select(one => one.Said?.Status).ToArray());
        Add("version", NpgsqlDbType.Text, batch.Select(one => one.Said?.Version).ToArray());
        Add("uptime", NpgsqlDbType.Bigint, batch.Select(one => one.Said?.UptimeSeconds).ToArray());
        Add("sequence", NpgsqlDbType.Bigint, batch.Select(one => one.Said?.Sequence).ToArray());
        return command;

        void Add(string name, NpgsqlDbType type, object values) =>
            command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = values });
    }

    private async Task TellAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Heartbeat> batch,
        Dictionary<Guid, DeviceConnectivity> changed,
        CancellationToken cancellationToken)
    {
        Dictionary<Guid, string> names = new(changed.Count);
        await using (var command = new NpgsqlCommand("SELECT id, name FROM devices WHERE id = ANY (@ids)", connection))
        {
            command.Parameters.AddWithValue("ids", changed.Keys.ToArray());
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                names[rows.GetGuid(0)] = rows.GetString(1);
            }
        }

        OutboxBatch outbox = new();
        var now = time.GetUtcNow();
        foreach (var beat in batch.Where(one => changed.ContainsKey(one.DeviceId)))
        {
            new Transition(
                beat.DeviceId, beat.TenantId, names[beat.DeviceId], changed[beat.DeviceId],
                DeviceConnectivity.Online, beat.At, beat.Origin).AddTo(outbox, now);
        }

        await outbox.WriteAsync(connection, cancellationToken);
    }
}
