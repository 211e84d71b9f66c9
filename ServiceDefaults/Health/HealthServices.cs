using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ServiceDefaults.Hosting;

namespace ServiceDefaults.Health;

internal static class HealthServices
{
    public static void AddManagementPort(this IServiceCollection services)
    {
        services.AddValidatedOptions<ManagementOptions>(ManagementOptions.Section);
        services.AddHostedService<ManagementListener>();
        services.AddOptions<KestrelServerOptions>().Configure<IConfiguration, IOptions<ManagementOptions>>(
            static (kestrel, configuration, options) => ManagementListener.AddEndpoint(kestrel, configuration, options.OrDefaults()));
        services.AddHealthChecks();
        services.AddSingleton<IPostConfigureOptions<HealthCheckServiceOptions>, ReadyChecks>();
        services.AddSingleton<HealthSnapshot>();
        services.AddSingleton<ManagementRoutes>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<DiagnosticEndpoints>();
    }

    public static void MapManagementRoutes(this WebApplication app)
    {
        ManagementRoutes routes = app.Services.GetService<ManagementRoutes>()
            ?? throw new InvalidOperationException("MapDefaultEndpoints needs builder.AddServiceDefaults().");
        app.Services.GetRequiredService<HealthEndpoints>().Map(routes);
        app.Services.GetRequiredService<DiagnosticEndpoints>().Map(routes);
    }
}
