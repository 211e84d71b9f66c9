using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace ServiceDefaults.Clients;

internal sealed class PostgreSqlHealthCheck(NpgsqlDataSource source) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using NpgsqlCommand command = source.CreateCommand("SELECT 1");
            command.CommandTimeout = 2;
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            // The driver's message can name hosts and users; the type and the SQL state say enough.
            string state = fault is PostgresException { SqlState: var code } ? $" ({code})" : "";
            return new HealthCheckResult(context.Registration.FailureStatus, $"PostgreSQL does not answer{state}.");
        }
    }
}
