using System.Diagnostics;

namespace DeviceService.Connectivity;

/// <summary>One heartbeat on its way to the database, and the request that waits for it.</summary>
internal sealed class Heartbeat(Guid deviceId, Guid tenantId, DateTimeOffset at, HeartbeatRequest? said)
{
    private readonly TaskCompletionSource<string?> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid DeviceId => deviceId;

    public Guid TenantId => tenantId;

    /// <summary>When it came in, not when it is written.</summary>
    public DateTimeOffset At => at;

    public HeartbeatRequest? Said => said;

    /// <summary>The request's place in its trace: the batch that writes it has none of its own.</summary>
    public ActivityContext Origin { get; } = Activity.Current?.Context ?? default;

    /// <summary>The device's profile once the heartbeat is committed; null when there is no such active device.</summary>
    public Task<string?> Written => _written.Task;

    public void Answer(string? profile) => _written.TrySetResult(profile);

    public void Fail(Exception fault) => _written.TrySetException(fault);
}
