using System.Text.Json;
using DeviceService.Data;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Devices;

/// <summary>What this service tells the audit log, committed by the same save as the change.</summary>
internal static class DeviceAudit
{
    private static readonly JsonSerializerOptions Json = EventCatalogue.Json;

    public static void AddDeviceAudit(
        this DeviceDbContext database,
        EventEnvelope envelope,
        string action,
        Device device,
        AuditSeverity severity = AuditSeverity.Info,
        JsonElement? before = null,
        IReadOnlyDictionary<string, string>? detail = null) =>
        database.AddEvent(
            new AuditRecorded(
                envelope, action, "device", device.Id.ToString(), severity, AuditResult.Success,
                Before: before, After: Snapshot(device), Detail: detail),
            device.Id);

    /// <summary>The fields of a device that a reviewer compares; none is secret.</summary>
    public static JsonElement Snapshot(Device device) => JsonSerializer.SerializeToElement(
        new
        {
            device.Name,
            device.Group,
            device.Profile,
            Status = device.Status.ToString(),
            device.KeyThumbprint,
            device.Attributes,
        },
        Json);
}
