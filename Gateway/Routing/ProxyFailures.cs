using Gateway.Destinations;
using Gateway.Edge;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Routing;

/// <summary>Words what the proxy itself could not do as a problem. An answer that has begun is cut off by the proxy.</summary>
internal static class ProxyFailures
{
    /// <summary>Nothing is left to answer when the service did, or the client has gone.</summary>
    public static Task AnswerAsync(HttpContext context)
    {
        if (RequestState.Of(context).Place is { IsRefused: true })
        {
            context.Response.Clear();
            return GatewayProblems.Overloaded().ExecuteAsync(context);
        }

        if (context.Response.HasStarted
            || context.Features.Get<IForwarderErrorFeature>() is not { } failure
            || context.RequestAborted.IsCancellationRequested)
        {
            return Task.CompletedTask;
        }

        context.Response.Clear();
        return BadRequestIn(failure.Exception) is { } bad
            ? StrictRequests.RefuseAsync(context, Describe(bad)) // where the next request would begin is in doubt
            : failure.Error == ForwarderError.RequestBodyClient
                ? StrictRequests.RefuseAsync(context, GatewayProblems.BodyNotReadable())
                : Describe(context, failure).ExecuteAsync(context);
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
