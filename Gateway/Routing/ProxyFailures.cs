using Gateway.Destinations;
using Gateway.Edge;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Routing;

/// <summary>Words what the proxy itself could not do as a problem. An answer that has begun is cut off by the proxy.</summary>
internal static class ProxyFailures
{
    public static async Task AnswerAsync(HttpContext context, Func<Task> next)
    {
        await next();
        if (context.Features.Get<InFlightPlace>() is { IsRefused: true })
        {
            context.Response.Clear();
            await GatewayProblems.Overloaded().ExecuteAsync(context);
            return;
        }

        if (context.Response.HasStarted || context.Features.Get<IForwarderErrorFeature>() is not { } failure)
        {
            return;
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            return; // the client has gone; nobody reads an answer
        }

        context.Response.Clear();
        if (BadRequestIn(failure.Exception) is { } bad)
        {
            // Where the next request would begin is in doubt.
            await StrictRequests.RefuseAsync(context, Describe(bad));
        }
        else if (failure.Error == ForwarderError.RequestBodyClient)
        {
            await StrictRequests.RefuseAsync(context, GatewayProblems.BodyNotReadable());
        }
        else
        {
            await Describe(context, failure).ExecuteAsync(context);
        }
    }

    private static IResult Describe(BadHttpRequestException bad) => bad.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => GatewayProblems.BodyTooLarge(),
        StatusCodes.Status408RequestTimeout => GatewayProblems.BodyTooSlow(),
        _ => GatewayProblems.BodyNotReadable(),
    };

    private static IResult Describe(HttpContext context, IForwarderErrorFeature failure)
    {
        if (ResponseDeadline.HasPassed(context))
        {
            return GatewayProblems.UpstreamTimeout();
        }

        return failure.Error switch
        {
            ForwarderError.NoAvailableDestinations => GatewayProblems.UpstreamUnavailable(),
            ForwarderError.Request when CannotConnect(failure.Exception) => GatewayProblems.UpstreamUnavailable(),
            ForwarderError.RequestTimedOut => GatewayProblems.UpstreamTimeout(),
            _ => GatewayProblems.UpstreamFailed(),
        };
    }

    private static bool CannotConnect(Exception? fault) => fault is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError,
    };

    private static BadHttpRequestException? BadRequestIn(Exception? fault) => fault switch
    {
        null => null,
        BadHttpRequestException bad => bad,
        AggregateException many => many.InnerExceptions.Select(BadRequestIn).FirstOrDefault(static bad => bad is not null),
        _ => BadRequestIn(fault.InnerException),
    };
}
