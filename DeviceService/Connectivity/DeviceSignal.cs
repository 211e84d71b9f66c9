using DeviceService.Devices;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace DeviceService.Connectivity;

/// <summary>
/// What is known of an active device's heartbeats. Apart from <see cref="Device"/> and narrow, since it changes with
/// every one; nothing that changes is indexed, so that PostgreSQL updates in place (HOT). Set-based SQL alone changes it:
/// <see cref="HeartbeatWriter"/> and <see cref="ConnectivitySweep"/>.
/// </summary>
internal sealed class DeviceSignal : ITenantOwned
{
    private DeviceSignal()
    {
    }

    public Guid DeviceId { get; private init; }

    public Guid TenantId { get; private init; }

    /// <summary>The device's, here too so that the sweep reads one table.</summary>
    public string Profile { get; private init; } = "";

    public DeviceConnectivity State { get; private init; }

    /// <summary>State before the last statement that wrote the row: how it tells whether it changed anything.</summary>
    public DeviceConnectivity PreviousState { get; private init; }

    public DateTimeOffset? LastSeenAt { get; private init; }

    public DateTimeOffset? ChangedAt { get; private init; }

    public string? ReportedStatus { get; private init; }

    public string? ReportedVersion { get; private init; }

    public long? UptimeSeconds { get; private init; }

    public long? Sequence { get; private init; }

    /// <summary>For a device that has just become active and has not been heard yet.</summary>
    public static DeviceSignal Of(Device device) =>
        new() { DeviceId = device.Id, TenantId = device.TenantId, Profile = device.Profile };
}
