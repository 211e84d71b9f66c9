using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Gives the connection string of <paramref name="source"/> as <c>ConnectionStrings__{name}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null, bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        var resource = source.Resource;
        var variable = resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{connectionName ?? resource.Name}";
        return builder.WithAnnotation(new ReferenceAnnotation(resource)).WithEnvironment(async context =>
        {
            var value = builder.ApplicationBuilder.Configuration.GetConnectionString(resource.Name)
                ?? await resource.GetConnectionStringAsync(context.CancellationToken);
            if (value is not null)
            {
                context.EnvironmentVariables[variable] = value;
            }
            else if (!optional)
            {
                throw new DistributedApplicationException($"The connection string '{resource.Name}' has no value. Set ConnectionStrings__{resource.Name} in the environment.");
            }
        });
    }

    /// <summary>Gives the addresses of a service: <c>services__{name}__{endpoint}__{index}</c> and <c>{NAME}_{ENDPOINT}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment
    {
        var service = source.Resource;
        return builder.WithAnnotation(new ReferenceAnnotation(service)).WithEnvironment(context =>
        {
            foreach (var endpoint in service.Annotations.OfType<EndpointAnnotation>().Where(e => e.UriScheme is "http" or "https"))
            {
                var urls = endpoint.AllocatedPorts.Select(port => $"{endpoint.UriScheme}://localhost:{port}").ToList();
                context.EnvironmentVariables[$"{VariableName(service.Name)}_{VariableName(endpoint.Name)}"] = urls[0];
                for (var i = 0; i < urls.Count; i++)
                {
                    context.EnvironmentVariables[$"services__{service.Name}__{endpoint.Name}__{i}"] = urls[i];
                }
            }
        });
    }

    /// <summary>Starts only once <paramref name="dependency"/> is healthy.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.WithAnnotation(new WaitAnnotation(dependency.Resource));

    private static string VariableName(string name) => name.Replace('-', '_').ToUpperInvariant();
}
