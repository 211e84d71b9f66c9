using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Logging;

namespace ServiceDefaults.Tests.Support;

/// <summary>A service on the defaults, on a real server with a public and a management port.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private RunningService(WebApplication app, int managementPort, LogOutput logs)
    {
        App = app;
        Logs = logs;
        string address = app.Urls.Single(url => new Uri(url).Port != managementPort);
        Public = new HttpClient { BaseAddress = new Uri(address) };
        Management = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{managementPort}") };
    }

    public WebApplication App { get; }

    public HttpClient Public { get; }

    public HttpClient Management { get; }

    public LogOutput Logs { get; }

    public static async Task<RunningService> StartAsync(
        Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null,
        IEnumerable<KeyValuePair<string, string?>>? settings = null, string environment = "Production")
    {
        int port = FreePort();
        (WebApplication app, LogOutput logs) = Build(configure, map, [new("Management:Port", $"{port}"), .. settings ?? []], environment);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningService(app, port, logs);
    }

    public static (WebApplication App, LogOutput Logs) Build(
        Action<WebApplicationBuilder>? configure, Action<WebApplication>? map,
        IEnumerable<KeyValuePair<string, string?>> settings, string environment = "Production")
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });

        // A settings file of some service lies beside the tests; the defaults are meant here.
        foreach (IConfigurationSource file in builder.Configuration.Sources.OfType<JsonConfigurationSource>().ToList())
        {
            builder.Configuration.Sources.Remove(file);
        }

        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddServiceDefaults();
        LogOutput logs = new();
        builder.Services.AddSingleton(services => new LogQueue(logs, services.GetRequiredService<TimeProvider>()));
        configure?.Invoke(builder);
        WebApplication app = builder.Build();
        app.MapDefaultEndpoints();
        map?.Invoke(app);
        return (app, logs);
    }

    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Public.Dispose();
        Management.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
