using Microsoft.AspNetCore.Http.Features;

namespace Gateway.RequestAudit;

/// <summary>
/// Makes a record of every API request when it has ended: routed ones unless the route says otherwise, and those that no
/// route took. Preflights of browsers ask for nothing and get no record. Handing it over never waits.
/// </summary>
internal sealed class AuditedRequests(RequestDelegate next, RequestRecords records, TimeProvider time)
{
    private const int LongestUserAgent = 512;
    private const int LongestPath = 1024;
    private const int ClientClosedRequest = 499;

    private readonly RequestRecords _records = records;
    private readonly TimeProvider _time = time;

    public Task InvokeAsync(HttpContext context)
    {
        // A callback, since awaiting the rest of the pipeline here would cost every request more than its record. It comes
        // after the answer, whoever made it, and before the context serves another request.
        RequestState.Of(context).Record = new Running(this, _time.GetUtcNow(), _time.GetTimestamp());
        return next(context);
    }

    // Exactly what CORS answers itself, always, and never lets through.
    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method)
        && request.Headers.Origin.Count > 0
        && request.Headers.AccessControlRequestMethod.Count > 0;

    private static string Cut(string text, int longest) => text.Length > longest ? text[..longest] : text;

    /// <summary>The record of a request under way.</summary>
    internal readonly struct Running(AuditedRequests owner, DateTimeOffset at, long start)
    {
        public void End(HttpContext context, RequestState state)
        {
            if (state.Access?.Audited != false && !IsPreflight(context.Request))
            {
                var status = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted
                    ? ClientClosedRequest
                    : context.Response.StatusCode;
                owner._records.Add(Ended(context, state, status));
            }
        }

        private EndedRequest Ended(HttpContext context, RequestState state, int status)
        {
            var agent = context.Request.Headers.UserAgent.ToString();
            return new EndedRequest
            {
                At = at,
                Duration = owner._time.GetElapsedTime(start),
                Token = state.Token,
                Address = context.Connection.RemoteIpAddress,
                UserAgent = agent.Length == 0 ? null : Cut(agent, LongestUserAgent),
                Method = Cut(context.Request.Method, 32),
                Path = Cut(context.Request.Path.Value ?? "/", LongestPath),
                RouteId = state.Access?.RouteId,
                Status = status,
                TraceId = context.Features.Get<IHttpActivityFeature>()?.Activity.TraceId,
                RequestId = context.TraceIdentifier,
            };
        }
    }
}
