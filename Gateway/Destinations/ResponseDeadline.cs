using Gateway.Routing;
using Microsoft.Extensions.Options;

namespace Gateway.Destinations;

/// <summary>
/// Limits the time until a service's answer begins, over all attempts. From then on only inactivity ends a request, so
/// that downloads, event streams and WebSockets last as long as they are used.
/// </summary>
internal sealed class ResponseDeadline(IOptionsMonitor<ProxyingOptions> options)
{
    public async Task LimitAsync(HttpContext context, Func<Task> next)
    {
        var limit = context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>()?.Deadline ?? options.CurrentValue.Deadline;
        var client = context.RequestAborted;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(client);
        Running running = new(either, client);
        context.Features.Set(running);
        context.Response.OnStarting(static state =>
        {
            ((Running)state).Stop();
            return Task.CompletedTask;
        }, running);

        // The forwarder listens to this token alone.
        either.CancelAfter(limit);
        context.RequestAborted = either.Token;
        try
        {
            await next();
        }
        finally
        {
            running.End();
            context.RequestAborted = client;
        }
    }

    /// <summary>Whether the request was given up because the service took too long.</summary>
    public static bool HasPassed(HttpContext context) => context.Features.Get<Running>()?.HasPassed == true;

    private sealed class Running(CancellationTokenSource either, CancellationToken client)
    {
        private bool _ended;

        public bool HasPassed => either.IsCancellationRequested && !client.IsCancellationRequested;

        public void Stop()
        {
            if (!_ended)
            {
                either.CancelAfter(Timeout.Infinite);
            }
        }

        // A problem written later starts the response too, when the source is disposed.
        public void End() => _ended = true;
    }
}
