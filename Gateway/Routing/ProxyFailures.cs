using Gateway.Destinations;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Routing;

/// <summary>Words what the proxy itself could not do as a problem. An answer that has begun is cut off by the proxy.</summary>
internal static class ProxyFailures
{
    public static async Task AnswerAsync(HttpContext context, Func<Task> next)
    {
        await next();
        if (context.Response.HasStarted || context.Features.Get<IForwarderErrorFeature>() is not { } failure)
        {
            return;
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            return; // the client has gone; nobody reads an answer
        }

        context.Response.Clear();
        await Describe(context, failure).ExecuteAsync(context);
    }

    private static IResult Describe(HttpContext context, IForwarderErrorFeature failure)
    {
        if (BadRequestIn(failure.Exception) is { } bad)
        {
            return bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? GatewayProblems.BodyTooLarge()
                : GatewayProblems.BodyNotReadable();
        }

        if (ResponseDeadline.HasPassed(context))
        {
            return GatewayProblems.UpstreamTimeout();
        }

        return failure.Error switch
        {
            ForwarderError.NoAvailableDestinations => GatewayProblems.UpstreamUnavailable(),
            ForwarderError.Request when CannotConnect(failure.Exception) => GatewayProblems.UpstreamUnavailable(),
            ForwarderError.RequestTimedOut => GatewayProblems.UpstreamTimeout(),
            ForwarderError.RequestBodyClient => GatewayProblems.BodyNotReadable(),
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
