using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.RateLimits;

internal static class RateLimitSetup
{
    public static WebApplicationBuilder AddRateLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RateLimitOptions>(RateLimitOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<RateLimitOptions>, RateLimitRules>();

        // RateLimitPlans watches the section: a fault in it is to be logged, not thrown at whoever changed the file.
        builder.Services.RemoveAll<IOptionsChangeTokenSource<RateLimitOptions>>();
        builder.Services.AddSingleton<IProxyConfigFilter, RouteLimitRules>();
        builder.Services.AddSingleton<RateLimitPlans>();
        builder.Services.AddSingleton<RateLimitMetrics>();
        builder.Services.AddSingleton<SharedPermits>();
        builder.Services.AddSingleton<RateLimiter>();
        builder.Services.AddSingleton<PermitSharing>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<PermitSharing>());
        builder.Services.AddHealthChecks().AddCheck<RateLimitHealthCheck>("rate-limits", HealthStatus.Degraded);
        return builder;
    }

    /// <summary>Registers the gauge; called once the host is built.</summary>
    public static void ObserveRateLimits(this WebApplication app) =>
        app.Services.GetRequiredService<RateLimitMetrics>().Observe(app.Services.GetRequiredService<PermitSharing>());
}
