using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.Pushing;

/// <summary>Degraded while a record waits too long for the receiver; recording and reading do without it.</summary>
internal sealed class PushHealth(NpgsqlDataSource source, IOptions<PushOptions> options, TimeProvider time) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var cursor = await PushCursor.ReadAsync(connection, options.Value.Name, cancellationToken);
        return cursor?.WaitingSince is { } since && time.GetUtcNow() - since > options.Value.DegradedAfter
            ? HealthCheckResult.Degraded($"{cursor.Behind} records wait for the receiver since {since:O}: {cursor.Reason ?? "no attempt has failed"}.")
            : HealthCheckResult.Healthy();
    }
}
