using Gateway.Destinations;

namespace Gateway.Routing;

/// <summary>
/// Sends a request to its service within its deadline, if not too many are under way to it, again where that is allowed,
/// and words a failure as a problem. One method for all of it, since each awaited layer costs every request.
/// </summary>
internal sealed class ProxiedRequests(ResponseDeadline deadline, RepeatedRequests attempts)
{
    public async Task SendAsync(HttpContext context, RequestDelegate next)
    {
        var service = context.GetReverseProxyFeature().Cluster.Config.ClusterId;
        if (RequestState.Of(context).Place is { } place && !place.TryEnter(service))
        {
            await GatewayProblems.ServiceOverloaded().ExecuteAsync(context);
            return;
        }

        var running = deadline.Begin(context);
        try
        {
            await next(context);
            if (attempts.IsToBeSentAgain(context))
            {
                await attempts.SendAgainAsync(context, next);
            }
        }
        finally
        {
            deadline.End(context, running);
        }

        await ProxyFailures.AnswerAsync(context);
    }
}
