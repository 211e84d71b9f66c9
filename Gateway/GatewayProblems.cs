using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace Gateway;

/// <summary>The gateway's own answers. Codes are stable; clients branch on them.</summary>
internal static class GatewayProblems
{
    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(2);

    public static ProblemHttpResult RouteNotFound() =>
        Problem.Of(404, "route_not_found", "The gateway has no route for this address.");

    public static ProblemHttpResult InvalidApiKey(HttpContext context, string detail)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"platform\"";
        return Problem.Of(401, "invalid_api_key", detail);
    }

    public static ProblemHttpResult TooManyWrongKeys(TimeSpan wait) => Problem.RetryLater(
        429, ProblemCodes.RateLimited, "Too many API keys that are not accepted came from this address.", wait);

    /// <param name="policy">The policy that refused.</param>
    /// <param name="seconds">Until a request has a chance again.</param>
    public static ProblemHttpResult RateLimited(string policy, int seconds) => Problem.Of(
        429, ProblemCodes.RateLimited, $"Too many requests for the limit '{policy}'. Try again in {seconds} s.",
        [new("policy", policy), new("retryAfter", seconds)]);

    public static ProblemHttpResult BodyTooLarge() =>
        Problem.Of(413, ProblemCodes.BodyTooLarge, "The request body is larger than this route takes.");

    public static ProblemHttpResult UpstreamUnavailable() => Problem.RetryLater(
        503, "upstream_unavailable", "The service behind this route cannot be reached. Try again shortly.", Shortly);

    public static ProblemHttpResult UpstreamFailed() => Problem.RetryLater(
        502, "upstream_failed", "The service behind this route broke off its answer.", Shortly);

    public static ProblemHttpResult UpstreamTimeout() => Problem.RetryLater(
        504, "upstream_timeout", "The service behind this route did not answer in time.", Shortly);

    public static ProblemHttpResult BodyNotReadable() =>
        Problem.Of(400, ProblemCodes.MalformedRequest, "The request body could not be read.");

    public static ProblemHttpResult UnsupportedMediaType(IEnumerable<string> taken) =>
        Problem.Of(415, ProblemCodes.UnsupportedMediaType, $"This route takes a body as {string.Join(", ", taken)}.");

    public static ProblemHttpResult BodyTooSlow() =>
        Problem.Of(408, ProblemCodes.RequestTimeout, "The request body came too slowly.");

    public static ProblemHttpResult HeaderTooLarge() =>
        Problem.Of(431, ProblemCodes.HeadersTooLarge, "A header of the request is too long.");

    public static ProblemHttpResult HeaderNotReadable() =>
        Problem.Of(400, ProblemCodes.MalformedRequest, "A header of the request has characters that do not belong there.");

    public static ProblemHttpResult Overloaded() => Problem.RetryLater(
        503, "overloaded", "More is asked of the gateway than it can do at once. Try again shortly.", Shortly);

    public static ProblemHttpResult ServiceOverloaded() => Problem.RetryLater(
        503, "service_overloaded", "Too many requests to the service behind this route are under way. Try again shortly.", Shortly);

    public static ProblemHttpResult RevocationUnavailable() => Problem.RetryLater(
        503, "revocation_unavailable", "It cannot be told at the moment whether the access token was revoked.", Shortly);
}
