using Gateway.Routing;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Edge;

/// <summary>
/// Refuses with 503 what is beyond the bounds, before anything costly is done for it. A WebSocket and a request that
/// accepts an event stream count as streams from the start; an answer that turns out to be an event stream moves over
/// when it begins, or is refused then.
/// </summary>
internal sealed class OverloadShedding(RequestDelegate next, InFlight inFlight, GatewayMetrics metrics)
{
    public Task InvokeAsync(HttpContext context)
    {
        var announced = IsAnnouncedStream(context);
        if (inFlight.TryEnter(announced))
        {
            RequestState.Of(context).Place = new InFlightPlace(inFlight, metrics, announced);
            return next(context);
        }

        metrics.Shed(announced ? "stream" : "request");
        return GatewayProblems.Overloaded().ExecuteAsync(context);
    }

    private static bool IsAnnouncedStream(HttpContext context) =>
        (context.Request.Headers.Accept is [{ } accept] && accept.StartsWith(EventStreams.MediaType, StringComparison.OrdinalIgnoreCase))
        || (context.Request.Headers.Upgrade.Count > 0 && context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true)
        || (HttpMethods.IsConnect(context.Request.Method) && context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true);
}
