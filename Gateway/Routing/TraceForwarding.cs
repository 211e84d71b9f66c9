using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Transforms;

namespace Gateway.Routing;

/// <summary>
/// Gives a service the gateway's server span as its parent (W3C Trace Context), without a span for the hop between them:
/// it would say nothing that the two server spans do not say, and the HTTP client's own diagnostics cost a proxied
/// request more than the token check.
/// </summary>
internal static class TraceForwarding
{
    private const string Parent = "traceparent";
    private const string State = "tracestate";

    private static readonly IMeterFactory Unread = new UnreadMeters();

    public static void LeaveToTransform(SocketsHttpHandler handler)
    {
        handler.ActivityHeadersPropagator = null;
        handler.MeterFactory = Unread;
    }

    public static ValueTask TransformAsync(RequestTransformContext context)
    {
        if (context.HttpContext.Features.Get<IHttpActivityFeature>()?.Activity is { IdFormat: ActivityIdFormat.W3C } span)
        {
            // What the client sent is the span's parent, not the service's.
            var headers = context.ProxyRequest.Headers;
            headers.Remove(Parent);
            headers.TryAddWithoutValidation(Parent, span.Id);
            if (span.TraceStateString is null)
            {
                headers.Remove(State);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Meters of a name that telemetry does not collect.</summary>
    private sealed class UnreadMeters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(new MeterOptions($"Unread.{options.Name}") { Scope = this });

        public void Dispose()
        {
            // They live as long as the process.
        }
    }
}
