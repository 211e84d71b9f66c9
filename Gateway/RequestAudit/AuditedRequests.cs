using System.Diagnostics;
using Gateway.Routing;
using Gateway.Tokens;
using ServiceDefaults.Contracts;
using ServiceDefaults.Logging;

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

    public async Task InvokeAsync(HttpContext context)
    {
        var start = time.GetTimestamp();
        var at = time.GetUtcNow();
        var status = 0;
        try
        {
            await next(context);
        }
        catch (Exception fault)
        {
            // The status that the exception handler further out will set.
            status = fault is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
            throw;
        }
        finally
        {
            if (status == 0)
            {
                status = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted
                    ? ClientClosedRequest
                    : context.Response.StatusCode;
            }

            var access = context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>();
            if (access?.Audited != false && !IsPreflight(context.Request))
            {
                records.Add(Describe(context, access, at, time.GetElapsedTime(start), status));
            }
        }
    }

    private static RequestRecord Describe(HttpContext context, RouteAccess? access, DateTimeOffset at, TimeSpan duration, int status)
    {
        var token = context.Features.Get<VerifiedToken>();
        var agent = context.Request.Headers.UserAgent.ToString();
        return new RequestRecord(
            RequestId.New(at),
            at,
            token?.Token.TenantId,
            token?.Actor ?? Actor.Anonymous,
            token?.Token.SessionId,
            context.Connection.RemoteIpAddress?.ToString(),
            agent.Length == 0 ? null : Cut(agent, LongestUserAgent),
            Cut(context.Request.Method, 32),
            Cut(context.Request.Path.Value ?? "/", LongestPath),
            access?.RouteId,
            status,
            duration,
            Activity.Current?.TraceId.ToHexString(),
            context.TraceIdentifier);
    }

    // Exactly what CORS answers itself, always, and never lets through.
    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method)
        && request.Headers.Origin.Count > 0
        && request.Headers.AccessControlRequestMethod.Count > 0;

    private static string Cut(string text, int longest) => text.Length > longest ? text[..longest] : text;
}
