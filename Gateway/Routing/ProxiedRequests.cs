using Gateway.Destinations;

namespace Gateway.Routing;

/// <summary>
/// Sends a request to its service within its deadline, again where that is allowed, and words a failure as a problem.
/// One method for the three, since each awaited layer costs every request.
/// </summary>
internal sealed class ProxiedRequests(ResponseDeadline deadline, RepeatedRequests attempts)
{
    public async Task SendAsync(HttpContext context, RequestDelegate next)
    {
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
