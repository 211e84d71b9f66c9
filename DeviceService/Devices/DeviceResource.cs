using DeviceService.Connectivity;
using ServiceDefaults.Contracts;

namespace DeviceService.Devices;

/// <summary>A device as the API shows it.</summary>
/// <param name="Id">Also its <c>client_id</c>.</param>
/// <param name="Connectivity">How recently it was heard, and what it said.</param>
/// <param name="Version">The number in its ETag.</param>
public sealed record DeviceResource(
    Guid Id,
    Guid TenantId,
    string Name,
    string? Group,
    string Profile,
    DeviceStatus Status,
    IReadOnlyDictionary<string, string> Attributes,
    string KeyThumbprint,
    DateTimeOffset EnrolledAt,
    DateTimeOffset UpdatedAt,
    int Version,
    ConnectivityResource Connectivity)
{
    internal static DeviceResource Of(Device device, DeviceSignal? signal) => new(
        device.Id,
        device.TenantId,
        device.Name,
        device.Group,
        device.Profile,
        device.Status,
        device.Attributes,
        device.KeyThumbprint,
        device.EnrolledAt,
        device.UpdatedAt,
        device.Version,
        ConnectivityResource.Of(signal));
}

/// <summary>What is known of a device's heartbeats.</summary>
/// <param name="State">Unknown before the first one and for a device that is not active.</param>
/// <param name="Since">UTC instant of the last change of state.</param>
/// <param name="LastSeenAt">UTC instant of the last heartbeat.</param>
/// <param name="Status">What it said of itself.</param>
/// <param name="Version">The version it said it runs.</param>
public sealed record ConnectivityResource(
    DeviceConnectivity State,
    DateTimeOffset? Since,
    DateTimeOffset? LastSeenAt,
    string? Status,
    string? Version,
    long? UptimeSeconds,
    long? Sequence)
{
    internal static ConnectivityResource Of(DeviceSignal? signal) => signal is null
        ? new ConnectivityResource(DeviceConnectivity.Unknown, null, null, null, null, null, null)
        : new ConnectivityResource(
            signal.State,
            signal.ChangedAt,
            signal.LastSeenAt,
            signal.ReportedStatus,
            signal.ReportedVersion,
            signal.UptimeSeconds,
            signal.Sequence);
}

/// <summary>A device with its signal, which only active devices have.</summary>
internal sealed class DeviceWithSignal
{
    public required Device Device { get; init; }

    public DeviceSignal? Signal { get; init; }

    public static IQueryable<DeviceWithSignal> From(IQueryable<Device> devices, IQueryable<DeviceSignal> signals) =>
        devices.LeftJoin(
            signals,
            device => device.Id,
            signal => signal.DeviceId,
            (device, signal) => new DeviceWithSignal { Device = device, Signal = signal });
}
