using System.ComponentModel.DataAnnotations;
using DeviceService.Devices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace DeviceService.Connectivity;

/// <summary>What a device may say of itself with a heartbeat; what it leaves out stays as it was.</summary>
public sealed record HeartbeatRequest
{
    [Label(DeviceLimits.ReportedStatus)]
    public string? Status { get; init; }

    [PlainText(DeviceLimits.ReportedVersion)]
    public string? Version { get; init; }

    [Range(0, long.MaxValue)]
    public long? UptimeSeconds { get; init; }

    [Range(0, long.MaxValue)]
    public long? Sequence { get; init; }
}

/// <summary>When the next heartbeat is expected.</summary>
public sealed record HeartbeatResponse(int NextHeartbeatInSeconds);

internal sealed class ReceiveHeartbeat(
    HeartbeatQueue queue, DeviceMetrics metrics, IOptions<ConnectivityOptions> options, TimeProvider time)
{
    private static readonly TimeSpan ComeAgain = TimeSpan.FromSeconds(1);

    public async Task<Results<Ok<HeartbeatResponse>, ProblemHttpResult>> HandleAsync(
        Guid id, HeartbeatRequest? request, Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Subject != id.ToString())
        {
            return DeviceProblems.NotFound();
        }

        Heartbeat heartbeat = new(id, caller.TenantId, time.GetUtcNow(), request);
        if (!queue.TryAdd(heartbeat))
        {
            metrics.NotTaken(1, "queue_full");
            return Problem.RetryLater(
                StatusCodes.Status503ServiceUnavailable,
                "heartbeats_overloaded",
                "More heartbeats come in than can be written. Send it again shortly.",
                ComeAgain);
        }

        return await heartbeat.Written.WaitAsync(cancellationToken) is { } profile
            ? TypedResults.Ok(new HeartbeatResponse((int)options.Value.Of(profile).Interval.TotalSeconds))
            : DeviceProblems.NotFound();
    }
}
