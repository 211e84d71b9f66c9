using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Support;

/// <summary>What reached a service.</summary>
internal sealed record Arrived(string Method, string Path, string Query, Dictionary<string, string> Headers, string Service, string Target);

/// <summary>A service behind the gateway: a real server on a port of its own that tells what reached it.</summary>
internal sealed class Service : IAsyncDisposable
{
    private WebApplication? _app;

    private Service(string name) => Name = name;

    public string Name { get; }

    public string Url { get; private set; } = "http://127.0.0.1:0";

    public ConcurrentQueue<Arrived> Arrivals { get; } = [];

    /// <summary>Answers; by default what arrived, as JSON.</summary>
    public RequestDelegate? Answer { get; set; }

    public static async Task<Service> StartAsync(string name, RequestDelegate? answer = null)
    {
        Service service = new(name) { Answer = answer };
        await service.StartAsync();
        return service;
    }

    /// <summary>Listens again, on the same port.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Url);
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8; // as servers other than Kestrel do
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(ServeAsync);
        await _app.StartAsync();
        Url = _app.Urls.First();
    }

    /// <summary>Nobody listens any more; open connections are cut.</summary>
    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using CancellationTokenSource now = new(TimeSpan.Zero);
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    public static Task EchoAsync(HttpContext context) => context.Response.WriteAsJsonAsync(context.Items[typeof(Arrived)]);

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task ServeAsync(HttpContext context)
    {
        // The gateway's probes.
        if (context.Request.Path == "/")
        {
            context.Response.StatusCode = 404;
            return;
        }

        Arrived arrived = new(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Name,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        Arrivals.Enqueue(arrived);
        context.Items[typeof(Arrived)] = arrived;
        await (Answer ?? EchoAsync)(context);
    }
}
