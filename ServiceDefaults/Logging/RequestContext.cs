using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Logging;

/// <summary>Gives a request its id and its scope, and writes the one line about it: a warning when the answer is 5xx.</summary>
internal sealed partial class RequestContext(RequestDelegate next, TimeProvider time, ILogger<RequestContext> logger)
{
    public const string Header = "X-Request-Id";
    private const int LongestId = 128;

    private readonly TimeProvider _time = time;
    private readonly ILogger _logger = logger;

    public Task InvokeAsync(HttpContext context)
    {
        string id = Accepted(context.Request.Headers[Header]) ?? RequestId.New(_time.GetUtcNow()).ToString();
        context.TraceIdentifier = id;
        context.Request.Headers[Header] = id; // a proxy forwards what it got: the id in force, not a rejected one

        // Not set right away: the exception handler clears the headers before it answers.
        context.Response.OnStarting(static state =>
        {
            HttpContext started = (HttpContext)state;
            started.Response.Headers[Header] = started.TraceIdentifier;
            return Task.CompletedTask;
        }, context);

        // The end is a callback, since awaiting the rest of the pipeline here would cost every request more than all of this.
        Running running = new(this, context, new RequestScope(context, id), _time.GetTimestamp());
        RequestScope.Current = running.Scope;
        context.Response.OnCompleted(static state => ((Running)state).End(), running);
        return next(context);
    }

    // Ids end up in logs, headers and shells; anything else than these characters is not an id.
    internal static string? Accepted(string? id) =>
        id is { Length: >= 1 and <= LongestId } && id.All(static one => char.IsAsciiLetterOrDigit(one) || one is '.' or '_' or '-') ? id : null;

    [LoggerMessage(EventId = 1, Message = "{Method} {Route} answered {StatusCode} in {DurationMs} ms")]
    private static partial void LogRequest(ILogger logger, LogLevel level, string method, string route, int statusCode, double durationMs);

    private sealed class Running(RequestContext owner, HttpContext context, RequestScope scope, long start)
    {
        public RequestScope Scope => scope;

        public Task End()
        {
            int status = context.Response.StatusCode;
            LogLevel level = status >= StatusCodes.Status500InternalServerError ? LogLevel.Warning : LogLevel.Information;
            if (owner._logger.IsEnabled(level))
            {
                RequestScope.Current = scope; // the server calls back outside of the flow that it was set in
                double elapsed = Math.Round(owner._time.GetElapsedTime(start).TotalMilliseconds, 3);
                LogRequest(owner._logger, level, context.Request.Method, RequestRoute.Of(context), status, elapsed);
            }

            scope.End();
            return Task.CompletedTask;
        }
    }
}
