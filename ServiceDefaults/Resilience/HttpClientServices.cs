using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using ServiceDefaults.Discovery;

namespace ServiceDefaults.Resilience;

internal static class HttpClientServices
{
    public static void AddHttpClientDefaults(this IServiceCollection services)
    {
        services.AddHttpClient();
        services.AddSingleton<ServiceEndpoints>();
        services.AddSingleton<ResilienceTargets>();
        services.AddValidatedOptions<ResilienceOptions>(ResilienceOptions.Section);
        services.AddSingleton<IConfigureOptions<ResilienceOptions>, ClientResilience>();
        services.ConfigureHttpClientDefaults(static client => client.UseSocketsHttpHandler(static (sockets, _) =>
        {
            sockets.ConnectTimeout = TimeSpan.FromSeconds(3);
            sockets.PooledConnectionLifetime = TimeSpan.FromMinutes(2); // follows changes of DNS
            sockets.UseCookies = false;
        }));

        // Not AddHttpMessageHandler: the name of the client chooses its options.
        services.AddOptions<HttpClientFactoryOptions>();
        services.ConfigureAll<HttpClientFactoryOptions>(static options => options.HttpMessageHandlerBuilderActions.Add(static handlers =>
        {
            handlers.AdditionalHandlers.Insert(0, new ResilienceHandler(
                handlers.Services.GetRequiredService<ResilienceTargets>(), handlers.Name ?? Options.DefaultName));
            handlers.AdditionalHandlers.Add(new DiscoveryHandler(handlers.Services.GetRequiredService<ServiceEndpoints>()));
        }));
    }

    /// <summary>A named client begins with what holds for all.</summary>
    private sealed class ClientResilience(IConfiguration configuration) : IConfigureNamedOptions<ResilienceOptions>
    {
        public void Configure(ResilienceOptions options)
        {
        }

        public void Configure(string? name, ResilienceOptions options)
        {
            if (!string.IsNullOrEmpty(name))
            {
                configuration.GetSection(ResilienceOptions.Section).Bind(options);
                configuration.GetSection($"{ResilienceOptions.Section}:Clients:{name}").Bind(options);
            }
        }
    }
}
