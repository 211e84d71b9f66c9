using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Logging;

/// <summary>Gives a request its id and its scope, and writes the one line about it.</summary>
internal sealed partial class RequestContext(RequestDelegate next, TimeProvider time, ILogger<RequestContext> logger)
{
    public const string Header = "X-Request-Id";
    private const int LongestId = 128;

    public async Task InvokeAsync(HttpContext context)
    {
        string id = Accepted(context.Request.Headers[Header]) ?? Guid.CreateVersion7(time.GetUtcNow()).ToString();
        context.TraceIdentifier = id;
        context.Request.Headers[Header] = id; // a proxy forwards what it got: the id in force, not a rejected one

        // Not set right away: the exception handler clears the headers before it answers.
        context.Response.OnStarting(static state =>
        {
            HttpContext started = (HttpContext)state;
            started.Response.Headers[Header] = started.TraceIdentifier;
            return Task.CompletedTask;
        }, context);

        RequestScope scope = new(context, id);
        RequestScope.Current = scope;
        using IDisposable? scoped = logger.BeginScope(scope);
        long start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            double elapsed = Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 3);
            LogRequest(logger, context.Request.Method, RequestRoute.Of(context), context.Response.StatusCode, elapsed);
            scope.End();
        }
    }

    // Ids end up in logs, headers and shells; anything else than these characters is not an id.
    internal static string? Accepted(string? id) =>
        id is { Length: >= 1 and <= LongestId } && id.All(static one => char.IsAsciiLetterOrDigit(one) || one is '.' or '_' or '-') ? id : null;

    [LoggerMessage(1, LogLevel.Information, "{Method} {Route} answered {StatusCode} in {DurationMs} ms")]
    private static partial void LogRequest(ILogger logger, string method, string route, int statusCode, double durationMs);
}
