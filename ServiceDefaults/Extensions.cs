using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Health;
using ServiceDefaults.Hosting;
using ServiceDefaults.Logging;
using ServiceDefaults.Problems;
using ServiceDefaults.Resilience;
using ServiceDefaults.Telemetry;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service of the platform has in common, in two calls.</summary>
public static class Extensions
{
    /// <summary>
    /// Adds server limits and graceful stop, JSON logs, telemetry, problem details, health and the management port,
    /// service discovery and resilient HTTP clients.
    /// </summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddServerDefaults();
        builder.AddJsonLogging();
        builder.AddTelemetry();
        builder.Services.AddProblems();
        builder.Services.AddManagementPort();
        builder.Services.AddHttpClientDefaults();
        builder.Services.AddTransient<AspNetCore.Hosting.IStartupFilter, Pipeline>();
        return builder;
    }

    /// <summary>Opens the routes of the management port: <c>/live /ready /health /metrics /errors /loglevels</c>.</summary>
    /// <exception cref="InvalidOperationException"><see cref="AddServiceDefaults"/> was not called.</exception>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapManagementRoutes();
        return app;
    }
}
