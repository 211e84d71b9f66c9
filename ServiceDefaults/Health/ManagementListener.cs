using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Health;

/// <summary>Adds the management port to the addresses the server listens on, and leaves those as they are.</summary>
internal sealed class ManagementListener(
    IServer server, IConfiguration configuration, IOptions<ManagementOptions> options) : IHostedLifecycleService
{
    // Before the web host starts: it takes the configured urls only while no address is set, so they are set here too.
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Port is { } port && !HasOwnEndpoints(configuration)
            && server.Features.Get<IServerAddressesFeature>()?.Addresses is { IsReadOnly: false } addresses)
        {
            if (addresses.Count == 0)
            {
                foreach (string url in ConfiguredUrls())
                {
                    addresses.Add(url);
                }
            }

            if (addresses.Any(address => BindingAddress.Parse(address).Port == port))
            {
                throw new OptionsValidationException(nameof(ManagementOptions), typeof(ManagementOptions),
                    [$"Management:Port: {port} is also a public port. Give Management__Port a port of its own."]);
            }

            addresses.Add(options.Value.Address);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Endpoints of Kestrel's own section replace all addresses, so there the port is an endpoint as well.</summary>
    public static void AddEndpoint(KestrelServerOptions kestrel, IConfiguration configuration, ManagementOptions options)
    {
        if (options.Port is { } port && HasOwnEndpoints(configuration))
        {
            switch (options.Host)
            {
                case "*":
                    kestrel.ListenAnyIP(port);
                    break;
                case "localhost":
                    kestrel.ListenLocalhost(port);
                    break;
                default:
                    kestrel.Listen(System.Net.IPAddress.Parse(options.Host.Trim('[', ']')), port);
                    break;
            }
        }
    }

    private static bool HasOwnEndpoints(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();

    private IEnumerable<string> ConfiguredUrls()
    {
        if (configuration["urls"] is { Length: > 0 } urls)
        {
            return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        string[] ports = [.. Ports("http_ports", "http"), .. Ports("https_ports", "https")];
        return ports.Length > 0 ? ports : ["http://localhost:5000"];
    }

    private IEnumerable<string> Ports(string key, string scheme) =>
        (configuration[key] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(port => $"{scheme}://*:{port}");
}
