using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Hosting;

internal static class ServerDefaults
{
    public static void AddServerDefaults(this WebApplicationBuilder builder)
    {
        StartFailure.ReportReadably();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddValidatedOptions<ServerOptions>(ServerOptions.Section);
        builder.Services.AddSingleton<ServerLifetime>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<ServerLifetime>());
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>>(Apply);
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<ServerOptions>>(static (host, server) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(server.OrDefaults().ShutdownTimeoutSeconds));
        builder.Services.ConfigureHttpJsonOptions(static json => StrictJson.Apply(json.SerializerOptions));
    }

    private static void Apply(KestrelServerOptions kestrel, IOptions<ServerOptions> options)
    {
        ServerOptions server = options.OrDefaults();
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = server.MaxRequestBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = server.MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = server.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(server.RequestHeadersTimeoutSeconds);
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
    }
}
