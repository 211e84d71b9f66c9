using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

internal static class TelemetryServices
{
    private static readonly string[] Sources =
        ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "MassTransit", PlatformTelemetry.Prefix + "*"];

    private static readonly string[] Meters =
    [
        // Not Routing, Authorization and Authentication: what they count of every request is in the duration by route and status.
        // Not MemoryPool: it counts each buffer taken and given back, several a request.
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics",
        "Microsoft.AspNetCore.Http.*", "Microsoft.AspNetCore.Identity",
        "Microsoft.Extensions.Diagnostics.*",
        "System.Net.Http", "System.Net.NameResolution",
        "System.Runtime", "Npgsql", "MassTransit", "Microsoft.EntityFrameworkCore", PlatformTelemetry.Prefix + "*",
    ];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<TelemetryOptions>(TelemetryOptions.Section);
        builder.Services.AddHostedService<TelemetryLifetime>();
        builder.Services.AddSingleton<RecentErrors>();
        builder.Services.AddSingleton<PrometheusExporter>();
        builder.Services.AddSingleton<PrometheusScrape>();
        builder.Services.AddSingleton(Traces);
        builder.Services.AddSingleton(Metrics);
        builder.Services.AddSingleton(static services =>
            services.GetRequiredService<IOptions<TelemetryOptions>>().Value.DropInboundBaggage
                ? new EdgePropagator(DistributedContextPropagator.Current)
                : DistributedContextPropagator.Current);

        if (Exports(builder.Configuration))
        {
            builder.Logging.AddOpenTelemetry(logs =>
            {
                logs.IncludeFormattedMessage = true;
                logs.ParseStateValues = true;
                logs.SetResourceBuilder(ServiceResource.Describe(builder.Configuration, builder.Environment));
                logs.AddProcessor(new LogRecordRedaction());
                logs.AddOtlpExporter(exporter => UseHttp(exporter, builder.Configuration));
            });
        }
    }

    private static TracerProvider Traces(IServiceProvider services)
    {
        IConfiguration configuration = services.GetRequiredService<IConfiguration>();
        TracerProviderBuilder traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(inner => inner.AddSingleton(configuration))
            .SetResourceBuilder(ServiceResource.Describe(configuration, services.GetRequiredService<IHostEnvironment>()))
            .AddSource(Sources);
        if (Exports(configuration))
        {
            traces.AddOtlpExporter(exporter => UseHttp(exporter, configuration));
            if (services.GetRequiredService<IOptions<TelemetryOptions>>().Value.DecideSampling
                && string.IsNullOrEmpty(configuration["OTEL_TRACES_SAMPLER"]))
            {
                AlwaysOnSampler always = new();
                traces.SetSampler(new ParentBasedSampler(always, remoteParentSampled: always, remoteParentNotSampled: always));
            }
        }
        else
        {
            traces.SetSampler(new AlwaysOffSampler()); // trace ids still go along; tags that nobody reads are not set
        }

        return traces.Build();
    }

    private static MeterProvider Metrics(IServiceProvider services)
    {
        IConfiguration configuration = services.GetRequiredService<IConfiguration>();
        HashSet<string> muted = [.. services.GetServices<MutedMeter>().Select(static meter => meter.Name)];
        MeterProviderBuilder metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(inner => inner.AddSingleton(configuration))
            .SetResourceBuilder(ServiceResource.Describe(configuration, services.GetRequiredService<IHostEnvironment>()))
            .AddMeter([.. Meters.Where(meter => !muted.Contains(meter))])
            .AddReader(new BaseExportingMetricReader(services.GetRequiredService<PrometheusExporter>()));
        if (Exports(configuration))
        {
            metrics.AddOtlpExporter(exporter => UseHttp(exporter, configuration));
        }

        return metrics.Build();
    }

    private static bool Exports(IConfiguration configuration) =>
        configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };

    private static void UseHttp(OtlpExporterOptions exporter, IConfiguration configuration)
    {
        if (string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_PROTOCOL"]))
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        }
    }
}
