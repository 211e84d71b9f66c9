using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Platform.LocalEngine.Dashboard;

/// <summary>
/// The page at <c>http://localhost:18888</c>: resources with their health, console logs and caught mails. It listens on
/// loopback only.
/// </summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>Aspire's own port for its dashboard.</summary>
    public const int DefaultPort = 18888;

    private readonly WebApplication _app;

    private DashboardServer(WebApplication app) => _app = app;

    public string Address => _app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    /// <param name="resources">What it shows.</param>
    /// <param name="port">0 takes a free one.</param>
    public static async Task<DashboardServer> StartAsync(ResourceService resources, int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}").ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddRoutingCore();
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.CamelCase);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        app.UseDashboardGuard();
        app.UseRouting();
        app.MapPage();
        app.MapResources(resources);
        app.MapMails(resources.Mailbox);
        app.MapChanges(resources);
        await app.StartAsync(cancellationToken);
        return new DashboardServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
