using Yarp.ReverseProxy.Transforms;

namespace Gateway.Routing;

/// <summary>
/// Answers that turn out to be event streams: they move to the streams' bound, and their headers go out at once. The
/// proxy itself would hold them back until the first event, and a browser would not know that it is connected.
/// </summary>
internal static class EventStreams
{
    public const string MediaType = "text/event-stream";

    public static ValueTask BeginAsync(ResponseTransformContext answer) =>
        answer.ProxyResponse is not null && answer.HttpContext.Response.ContentType is { } type && type.StartsWith(MediaType, StringComparison.OrdinalIgnoreCase)
            ? BeginStreamAsync(answer)
            : default;

    private static async ValueTask BeginStreamAsync(ResponseTransformContext answer)
    {
        var context = answer.HttpContext;
        if (RequestState.Of(context).Place is { } place && !place.TryBecomeStream())
        {
            answer.SuppressResponseBody = true; // ProxyFailures words the refusal
            return;
        }

        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
