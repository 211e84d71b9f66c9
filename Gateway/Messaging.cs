using Gateway.Revocation;
using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults.Messaging;

namespace Gateway;

internal static class Messaging
{
    /// <summary>
    /// The bus: request records go out, revocations come in on a queue of this process alone. Degraded without it, not
    /// unready: records wait on disk and revocations come by Redis.
    /// </summary>
    public static WebApplicationBuilder AddGatewayMessaging(this WebApplicationBuilder builder)
    {
        var gateway = GatewayInstance.Of(builder.Configuration, TimeProvider.System);
        builder.Services.AddValidatedOptions<GatewayInstanceOptions>(GatewayInstanceOptions.Section);
        builder.Services.AddSingleton(gateway);
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.AddMessaging("gateway", bus =>
        {
            bus.AddConsumer<RevocationIssuedConsumer>().Endpoint(endpoint =>
            {
                endpoint.Name = $"gateway-revocations-{gateway.Id}";
                endpoint.Temporary = true;
                endpoint.PrefetchCount = 256;
            });
            bus.ConfigureHealthCheckOptions(check => check.MinimalFailureStatus = HealthStatus.Degraded);
        });
        return builder;
    }
}
