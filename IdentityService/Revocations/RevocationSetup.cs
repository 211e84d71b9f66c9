using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults.Contracts;

namespace IdentityService.Revocations;

/// <summary>Revocations from the database to the gateways.</summary>
internal static class RevocationSetup
{
    public static void AddRevocations(this IHostApplicationBuilder builder)
    {
        // Without Redis one still signs in, so its absence makes this service degraded, not unready.
        builder.AddRedisClient("redis", (StackExchangeRedisSettings settings) => settings.DisableHealthChecks = true);
        builder.Services.AddSingleton<RedisLink>();
        builder.Services.AddSingleton<RevocationSignal>();
        builder.Services.AddSingleton<RevocationWriter>();
        builder.Services.AddSingleton<RevocationPublisher>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RevocationPublisher>());
        builder.Services.AddSingleton<RevocationReceipts>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RevocationReceipts>());
        builder.Services.AddScoped<RevocationLog>();
        builder.Services.AddSingleton<GatewayCredentials>();
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "revocation-stream",
            services => services.GetRequiredService<RevocationPublisher>(),
            HealthStatus.Degraded,
            ["ready"]));
    }

    public static void MapRevocationEndpoints(this IEndpointRouteBuilder routes) =>
        routes.MapGet(RevocationSnapshot.Path, ShowRevocationSnapshot.HandleAsync)
            .AllowAnonymous() // its caller is a client, not a token
            .WithName("ShowRevocationSnapshot")
            .ExcludeFromDescription();
}
