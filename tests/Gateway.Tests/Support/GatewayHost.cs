using System.Net.Http.Headers;
using Gateway.Revocation;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Testing;

namespace Gateway.Tests.Support;

/// <summary>The gateway itself, whole, on Kestrel, with the configuration it ships with and what a test changes in it.</summary>
internal sealed class GatewayHost(IEnumerable<KeyValuePair<string, string?>> settings, Action<ILoggingBuilder> logs) : ServiceHost<GatewayInstance>
{
    private readonly ChangeableSettings _changeable = new();

    public Uri Address { get; private set; } = null!;

    /// <summary>A client that neither follows redirects nor keeps cookies.</summary>
    public HttpClient Client { get; private set; } = null!;

    public static async Task<GatewayHost> StartAsync(
        IEnumerable<KeyValuePair<string, string?>> settings, bool ready = true, Action<ILoggingBuilder>? logging = null)
    {
        GatewayHost host = new(settings, logging ?? (static _ => { }));
        host.StartServer();
        host.Address = host.PublicAddress();
        host.Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = host.Address };
        if (ready)
        {
            await Eventually.Async(
                () => host.State == RevocationState.Current,
                TimeSpan.FromSeconds(20), "the gateway did not catch up with the revocation stream");
        }

        return host;
    }

    // The management port, where a test opens one, is an address of the server too.
    private Uri PublicAddress()
    {
        var management = Services.GetRequiredService<IConfiguration>()["Management:Port"];
        var addresses = Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        return addresses.Select(address => new Uri(address)).First(address => $"{address.Port}" != management);
    }

    public TimeSpan Staleness => Services.GetRequiredService<RevocationFreshness>().Staleness;

    public RevocationState State => Services.GetRequiredService<RevocationFreshness>().State;

    /// <summary>What its readiness says about revocations.</summary>
    public async Task<HealthStatus> ReadinessAsync() =>
        (await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == "revocations")).Status;

    /// <summary>Waits until the bus is connected and its queues are bound.</summary>
    public Task MustHaveBusAsync() => Eventually.Async(
        async () => (await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains("masstransit"))) is
        { Status: HealthStatus.Healthy, Entries.Count: > 0 },
        TimeSpan.FromSeconds(20), "the bus did not start");

    /// <summary>Changes the configuration while it runs.</summary>
    public void Change(params (string Key, string? Value)[] changes) => _changeable.Change(changes);

    public Task<HttpResponseMessage> GetAsync(string path, string? token = null) => SendAsync(HttpMethod.Get, path, token);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? token = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    public override async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await base.DisposeAsync();
    }

    protected override IHost CreateHost(IHostBuilder builder)
    {
        builder.ConfigureHostConfiguration(host => host.AddInMemoryCollection(settings));
        builder.ConfigureAppConfiguration((_, app) => app.Add(_changeable));
        return base.CreateHost(builder);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.ConfigureLogging(logging => logs(logging.ClearProviders()));
    }

    private sealed class ChangeableSettings : ConfigurationProvider, IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public void Change((string Key, string? Value)[] changes)
        {
            foreach (var (key, value) in changes)
            {
                Data[key] = value;
            }

            OnReload();
        }
    }
}
