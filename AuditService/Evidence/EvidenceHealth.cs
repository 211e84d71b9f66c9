using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AuditService.Evidence;

/// <summary>Tells of a standstill. Not a check of readiness: what is in the log can still be read.</summary>
internal sealed class EvidenceHealth(EvidenceState state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(state.IsSound
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"Recording stands still: {string.Join("; ", state.Faults.Select(fault => $"{fault.Key}: {fault.Value}"))}"));
}
