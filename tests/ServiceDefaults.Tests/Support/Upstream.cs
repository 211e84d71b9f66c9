using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Tests.Support;

/// <summary>A plain server that clients under test call; it keeps what it was asked.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Upstream(WebApplication app) => _app = app;

    public ConcurrentQueue<(string Method, string Path, string Body, IHeaderDictionary Headers)> Requests { get; } = new();

    public string Address => _app.Urls.Single();

    public static async Task<Upstream> StartAsync(Func<int, HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        Upstream upstream = new(builder.Build());
        int count = 0;
        upstream._app.Run(async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            string body = await reader.ReadToEndAsync(context.RequestAborted);
            HeaderDictionary headers = new(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
            upstream.Requests.Enqueue((context.Request.Method, context.Request.Path + context.Request.QueryString, body, headers));
            await answer(Interlocked.Increment(ref count), context);
        });
        await upstream._app.StartAsync();
        return upstream;
    }

    public static Task<Upstream> StartAsync(params int[] statuses) => StartAsync((turn, context) =>
    {
        context.Response.StatusCode = statuses[Math.Min(turn, statuses.Length) - 1];
        return Task.CompletedTask;
    });

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
