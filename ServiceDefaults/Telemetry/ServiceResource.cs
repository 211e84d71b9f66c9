using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Resources;

namespace ServiceDefaults.Telemetry;

/// <summary>Who sends the telemetry: name, version and instance of this process.</summary>
internal static class ServiceResource
{
    private static readonly string Instance = Guid.CreateVersion7().ToString();

    public static ResourceBuilder Describe(IConfiguration configuration, IHostEnvironment environment)
    {
        Dictionary<string, object> attributes = new(StringComparer.Ordinal)
        {
            ["service.name"] = environment.ApplicationName,
            ["service.instance.id"] = Instance,
            ["service.version"] = Version(),
            ["deployment.environment.name"] = environment.EnvironmentName,
        };
        foreach (string pair in (configuration["OTEL_RESOURCE_ATTRIBUTES"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', 2) is [{ Length: > 0 } name, { } value])
            {
                attributes[name] = Uri.UnescapeDataString(value);
            }
        }

        if (configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } service)
        {
            attributes["service.name"] = service;
        }

        return ResourceBuilder.CreateEmpty().AddTelemetrySdk().AddAttributes(attributes);
    }

    private static string Version() => Assembly.GetEntryAssembly()
        ?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
