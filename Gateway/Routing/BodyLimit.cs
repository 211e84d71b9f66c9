using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Routing;

/// <summary>Refuses an announced body over the route's limit before the service is bothered.</summary>
internal static class BodyLimit
{
    public static Task CheckAsync(HttpContext context, Func<Task> next) =>
        context.Request.ContentLength is { } length
        && context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } most
        && length > most
            ? GatewayProblems.BodyTooLarge().ExecuteAsync(context)
            : next();
}
