using DeviceService.Devices;
using Npgsql;
using ServiceDefaults.Contracts;

namespace DeviceService.Connectivity;

/// <summary>Counts the fleet for the metrics, and throws away what has had its time.</summary>
internal sealed class FleetCount(
    NpgsqlDataSource database, ReceiverRegister register, DeviceMetrics metrics, TimeProvider time)
{
    /// <param name="counts">False for a replica that does not sweep: one count is enough, and two would be added up.</param>
    public async Task CountAsync(bool counts, CancellationToken cancellationToken)
    {
        if (!counts)
        {
            metrics.Counted(null);
            return;
        }

        Dictionary<DeviceConnectivity, long> states = new()
        {
            [DeviceConnectivity.Unknown] = 0,
            [DeviceConnectivity.Online] = 0,
            [DeviceConnectivity.Late] = 0,
            [DeviceConnectivity.Offline] = 0,
        };
        await using var command = database.CreateCommand("SELECT state, count(*) FROM device_signals GROUP BY state");
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                states[(DeviceConnectivity)rows.GetInt16(0)] = rows.GetInt64(1);
            }
        }

        metrics.Counted(states);
        await register.ForgetAsync(cancellationToken);
        await using var tidy = database.CreateCommand("DELETE FROM used_proofs WHERE expires_at < @now");
        tidy.Parameters.AddWithValue("now", time.GetUtcNow());
        await tidy.ExecuteNonQueryAsync(cancellationToken);
    }
}
