using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.RateLimits;

/// <summary>Degraded while limits are not shared; never unready: requests are limited all the same.</summary>
internal sealed class RateLimitHealthCheck(PermitSharing sharing) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(sharing.IsShared
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("Rate limits are not shared over Redis; each gateway has its share of them."));
}
