using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Revocation;

internal static class RevocationSetup
{
    public static WebApplicationBuilder AddRevocation(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RevocationOptions>(RevocationOptions.Section)
            .Validate(static options => options.LateAfter <= options.UnknownAfter,
                "Revocation: UnknownAfter must not be less than LateAfter.");

        // Not the client's own readiness check: without Redis the gateway goes on for a while, see RevocationHealthCheck.
        builder.AddRedisClient("redis", static settings => settings.DisableHealthChecks = true);
        builder.Services.AddSingleton<RevocationSet>();
        builder.Services.AddSingleton<AppliedSequence>();
        builder.Services.AddSingleton<RevocationFreshness>();
        builder.Services.AddSingleton<RevocationStreamReader>();
        builder.Services.AddSingleton<RevocationReceipts>();
        builder.Services.AddSingleton<RevocationFeed>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<RevocationFeed>());
        builder.Services.AddHostedService<RevocationSnapshotAtStart>();
        builder.Services.AddSingleton<OpenRequests>();
        builder.Services.AddHostedService<CuttingOpenRequests>();
        builder.Services.AddHealthChecks().AddCheck<RevocationHealthCheck>("revocations", HealthStatus.Unhealthy, ["ready"]);
        return builder;
    }

    /// <summary>Registers the gauges; called once the host is built.</summary>
    public static void ObserveRevocation(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<GatewayMetrics>();
        var revocations = app.Services.GetRequiredService<RevocationSet>();
        var applied = app.Services.GetRequiredService<AppliedSequence>();
        var open = app.Services.GetRequiredService<OpenRequests>();
        var freshness = app.Services.GetRequiredService<RevocationFreshness>();
        metrics.Observe("platform.gateway.revocations.entries", "{revocation}", "Revocations in memory", () => revocations.Count);
        metrics.Observe("platform.gateway.revocations.size", "By", "Memory that they take", () => revocations.Size);
        metrics.Observe("platform.gateway.requests.open", "{request}", "Requests under way with a token", () => open.Count);
        metrics.Observe("platform.gateway.revocations.sequence", "{revocation}", "Position up to which all are applied", () => applied.Value);
        metrics.Observe(
            "platform.gateway.revocations.staleness", "s", "Age of the last heartbeat",
            () => freshness.Staleness is { TotalDays: < 365 } staleness ? staleness.TotalSeconds : double.NaN);
    }
}
