using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Revocation;

/// <summary>Ready only while tokens can be judged.</summary>
internal sealed class RevocationHealthCheck(RevocationFreshness freshness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(freshness.State switch
        {
            RevocationState.Current => HealthCheckResult.Healthy(),
            RevocationState.Late => HealthCheckResult.Degraded("The last heartbeat of the revocation stream is too old; strict routes may answer 503."),
            _ => new HealthCheckResult(context.Registration.FailureStatus, "It is not known what is revoked: no current revocation stream in Redis."),
        });
}
