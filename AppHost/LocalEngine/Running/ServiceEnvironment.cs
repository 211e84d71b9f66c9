using System.Globalization;

namespace Platform.LocalEngine.Running;

/// <summary>A collector of OTLP over HTTP/protobuf.</summary>
internal sealed record OtlpTarget(string Endpoint, string? ApiKey);

/// <summary>The variables of a service, name for name as Aspire sets them.</summary>
internal sealed class ServiceEnvironment(EngineOptions options, Func<OtlpTarget?> telemetry, DistributedApplicationExecutionContext execution, string environmentName)
{
    public async Task<IReadOnlyDictionary<string, string>> ForAsync(IResource resource, int replica, CancellationToken cancellationToken)
    {
        var instance = $"{resource.Name}-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4))}";
        var variables = new Dictionary<string, object>
        {
            ["ASPNETCORE_ENVIRONMENT"] = environmentName,
            ["DOTNET_ENVIRONMENT"] = environmentName,
        };
        AddTelemetry(variables, resource.Name, instance);
        AddEndpoints(variables, resource, replica);

        var context = new EnvironmentCallbackContext(execution, resource, variables, cancellationToken);
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await callback.Callback(context);
        }

        var resolved = new Dictionary<string, string>();
        foreach (var (name, value) in variables)
        {
            resolved[name] = value switch
            {
                string text => text,
                IValueProvider provider => await provider.GetValueAsync(cancellationToken) ?? "",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
            };
        }

        foreach (var (name, value) in options.Environment.GetValueOrDefault(resource.Name) ?? [])
        {
            resolved[name] = value;
        }

        return resolved;
    }

    private static void AddEndpoints(Dictionary<string, object> variables, IResource resource, int replica)
    {
        var urls = new List<string>();
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var port = endpoint.AllocatedPorts[replica].ToString(CultureInfo.InvariantCulture);
            if (endpoint.PortVariable is { } variable)
            {
                variables[variable] = port;
            }
            else if (endpoint.UriScheme is "http" or "https")
            {
                urls.Add($"{endpoint.UriScheme}://localhost:{port}");
            }
        }

        variables["ASPNETCORE_URLS"] = string.Join(';', urls);
    }

    private void AddTelemetry(Dictionary<string, object> variables, string service, string instance)
    {
        variables["OTEL_SERVICE_NAME"] = service;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance}";
        variables["OTEL_TRACES_SAMPLER"] = "always_on";
        variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";

        // Development wants to see a trace at once, not in five seconds.
        variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";

        if (telemetry() is { } target)
        {
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = target.Endpoint;
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
            if (target.ApiKey is { } key)
            {
                variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={key}";
            }
        }
    }
}
