using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ServiceDefaults.Telemetry;

/// <summary>The route pattern of a request: what may go in logs and labels, unlike its path.</summary>
internal static class RequestRoute
{
    public const string Unmatched = "unmatched";

    public static string Of(HttpContext http) => Find(http) ?? Unmatched;

    public static string? Find(HttpContext http)
    {
        // The exception handler clears the endpoint before it answers, but remembers it.
        Endpoint? endpoint = http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        string? pattern = (endpoint as RouteEndpoint)?.RoutePattern.RawText;
        return pattern is null or ['/', ..] ? pattern : $"/{pattern}";
    }
}
