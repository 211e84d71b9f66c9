using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Problems;

/// <summary>The one place where an exception becomes an answer.</summary>
internal sealed partial class ProblemExceptionHandler(
    RecentErrors errors, ILogger<ProblemExceptionHandler> logger) : IExceptionHandler
{
    private const int ClientClosedRequest = 499;
    private static readonly TimeSpan OutageRetry = TimeSpan.FromSeconds(5);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException or IOException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = ClientClosedRequest;
            return true;
        }

        await Answer(httpContext, exception).ExecuteAsync(httpContext);
        return true;
    }

    private ProblemHttpResult Answer(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException malformed:
                return MalformedRequest.Describe(malformed);
            case JsonException malformed when IsOfRequest(malformed):
                return MalformedRequest.Describe(malformed);
        }

        errors.Add(http, exception);
        if (Outage.IsCauseOf(exception))
        {
            LogOutage(logger, exception);
            return Problem.RetryLater(
                StatusCodes.Status503ServiceUnavailable, ProblemCodes.DependencyUnavailable,
                "Something this service depends on is away. Try again shortly.", OutageRetry);
        }

        LogUnexpected(logger, exception);
        return Problem.Of(
            StatusCodes.Status500InternalServerError, ProblemCodes.InternalError,
            "Something went wrong on our side. Quote the trace id when you report it.");
    }

    // A JsonException of stored data or of another service's answer is our fault, not the client's; only the
    // reading of the request body leaves this frame on the stack.
    private static bool IsOfRequest(JsonException fault) =>
        fault.StackTrace?.Contains("Microsoft.AspNetCore.Http.HttpRequestJsonExtensions", StringComparison.Ordinal) == true;

    [LoggerMessage(1, LogLevel.Error, "The request failed unexpectedly")]
    private static partial void LogUnexpected(ILogger logger, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "A dependency is unavailable")]
    private static partial void LogOutage(ILogger logger, Exception exception);
}
