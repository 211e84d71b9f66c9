using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace IdentityService.Tests.Support;

/// <summary>An application's back-channel logout address.</summary>
internal sealed class LogoutReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _tokens = new();
    private readonly WebApplication _app;

    private LogoutReceiver(WebApplication app) => _app = app;

    public string Address => $"{_app.Urls.Single()}/logout";

    public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

    public IReadOnlyCollection<string> Tokens => _tokens;

    public static async Task<LogoutReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new LogoutReceiver(builder.Build());
        receiver._app.Run(async context =>
        {
            var form = await context.Request.ReadFormAsync();
            receiver._tokens.Enqueue(form["logout_token"].ToString());
            context.Response.StatusCode = (int)receiver.Status;
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>The tokens received, once there are that many.</summary>
    public async Task<List<string>> TakeAsync(int count)
    {
        await Eventually.Async(() => _tokens.Count >= count, IdentityApi.Deadline, $"{_tokens.Count} of {count} came");
        return [.. _tokens];
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
