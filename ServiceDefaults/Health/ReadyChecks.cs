using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Health;

/// <summary>Bounds every registered check and tags those of Aspire's clients, which come without tags.</summary>
internal sealed class ReadyChecks : IPostConfigureOptions<HealthCheckServiceOptions>
{
    /// <summary>The tag of a check that readiness depends on.</summary>
    public const string Tag = "ready";

    private static readonly TimeSpan LongestCheck = TimeSpan.FromSeconds(2);
    private static readonly string[] Clients = ["PostgreSql", "StackExchange.Redis"];

    public void PostConfigure(string? name, HealthCheckServiceOptions options)
    {
        foreach (HealthCheckRegistration check in options.Registrations)
        {
            if (check.Timeout <= TimeSpan.Zero || check.Timeout > LongestCheck)
            {
                check.Timeout = LongestCheck;
            }

            if (Clients.Any(client => check.Name.StartsWith(client, StringComparison.Ordinal)))
            {
                check.Tags.Add(Tag);
            }
        }
    }
}
