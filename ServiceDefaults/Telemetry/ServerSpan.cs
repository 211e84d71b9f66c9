using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ServiceDefaults.Logging;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Completes the server span by the semantic conventions for HTTP (OpenTelemetry, stable). The query is left out: it
/// carries authorization codes and the like.
/// </summary>
internal sealed class ServerSpan(RequestDelegate next)
{
    private const int LongestUserAgent = 256;

    private static readonly HashSet<string> Methods = new(StringComparer.Ordinal)
    {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    };

    public Task InvokeAsync(HttpContext context) =>
        context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span
            ? RecordAsync(span, context)
            : next(context);

    private async Task RecordAsync(Activity span, HttpContext context)
    {
        Begin(span, context);
        try
        {
            await next(context);
        }
        catch (Exception fault)
        {
            span.SetTag("error.type", fault.GetType().FullName);
            span.SetStatus(ActivityStatusCode.Error);
            throw;
        }
        finally
        {
            End(span, context);
        }
    }

    private static void Begin(Activity span, HttpContext context)
    {
        HttpRequest request = context.Request;
        if (Methods.Contains(request.Method))
        {
            span.SetTag("http.request.method", request.Method);
        }
        else
        {
            span.SetTag("http.request.method", "_OTHER");
            span.SetTag("http.request.method_original", request.Method);
        }

        span.SetTag("url.scheme", request.Scheme);
        span.SetTag("url.path", Redaction.Text(request.Path.Value ?? "/"));
        span.SetTag("network.protocol.version", request.Protocol switch
        {
            "HTTP/2" => "2",
            "HTTP/3" => "3",
            ['H', 'T', 'T', 'P', '/', .. string version] => version,
            _ => null,
        });
        if (request.Host.HasValue)
        {
            span.SetTag("server.address", request.Host.Host);
            span.SetTag("server.port", request.Host.Port);
        }

        if (request.Headers.UserAgent.ToString() is { Length: > 0 } agent)
        {
            span.SetTag("user_agent.original", agent.Length > LongestUserAgent ? agent[..LongestUserAgent] : agent);
        }
    }

    private static void End(Activity span, HttpContext context)
    {
        string method = Methods.Contains(context.Request.Method) ? context.Request.Method : "HTTP";
        string? route = RequestRoute.Find(context);
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.route", route);

        // Only now: forwarded headers of trusted proxies have been applied inside.
        span.SetTag("client.address", context.Connection.RemoteIpAddress?.ToString());
        int status = context.Response.StatusCode;
        span.SetTag("http.response.status_code", status);
        if (status >= 500)
        {
            span.SetStatus(ActivityStatusCode.Error);
            span.SetTag("error.type", context.Features.Get<IExceptionHandlerFeature>()?.Error.GetType().FullName
                ?? span.GetTagItem("error.type") ?? $"{status}");
        }

        if (context.User is { Identity.IsAuthenticated: true } user)
        {
            span.SetTag("enduser.id", user.FindFirstValue("sub"));
            span.SetTag("platform.tenant.id", user.FindFirstValue("tid"));
            span.SetTag("session.id", user.FindFirstValue("sid"));
        }
    }
}
