using System.Diagnostics;
using DeviceService.Devices;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Connectivity;

/// <summary>A device whose connectivity has just changed in the current transaction.</summary>
/// <param name="Origin">The request that caused it; none for the passing of time.</param>
internal sealed record Transition(
    Guid DeviceId,
    Guid TenantId,
    string Name,
    DeviceConnectivity Previous,
    DeviceConnectivity Current,
    DateTimeOffset? LastSeenAt,
    ActivityContext Origin = default)
{
    private static readonly Actor Service = Actor.System("device");

    /// <summary>Tells the others and the audit log.</summary>
    public void AddTo(OutboxBatch outbox, DateTimeOffset now)
    {
        using var activity = Origin == default
            ? null
            : DeviceMetrics.Source.StartActivity("connectivity changed", ActivityKind.Internal, Origin);
        outbox.Add(
            new DeviceConnectivityChanged(Envelope(now), DeviceId, Name, Previous, Current, LastSeenAt), DeviceId);
        outbox.Add(
            new AuditRecorded(
                Envelope(now),
                Current switch
                {
                    DeviceConnectivity.Online => "device.online",
                    DeviceConnectivity.Late => "device.late",
                    _ => "device.offline",
                },
                "device",
                DeviceId.ToString(),
                Current == DeviceConnectivity.Offline ? AuditSeverity.Warning : AuditSeverity.Info,
                AuditResult.Success,
                Detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["previous"] = Previous.ToString() }),
            DeviceId);
    }

    private EventEnvelope Envelope(DateTimeOffset now) => new(
        Guid.CreateVersion7(now),
        now,
        TenantId,
        Service,
        null,
        null,
        null,
        Origin == default ? Activity.Current?.TraceId.ToHexString() : Origin.TraceId.ToHexString());
}
