using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ServiceDefaults.Problems;

namespace ServiceDefaults.Health;

/// <summary>
/// Takes every request of the management port, and no other, out of the service's pipeline. The port of the accepted
/// connection decides; nothing the client sends (Host, Forwarded) can. An in-memory server has port 0 and so never
/// gets here.
/// </summary>
internal sealed class ManagementBranch(RequestDelegate next, IOptions<ManagementOptions> options, ManagementRoutes routes)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (options.Value.Port is not { } port || context.Connection.LocalPort != port)
        {
            return next(context);
        }

        LeaveUntraced(context);
        return routes.Find(context.Request.Path, context.Request.Method, out bool known) is { } handler
            ? handler(context)
            : ProblemServices.Empty(known ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound)
                .ExecuteAsync(context);
    }

    // Probes and scrapes come every few seconds and would drown the traffic in traces and histograms.
    private static void LeaveUntraced(HttpContext context)
    {
        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }

        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { } activity)
        {
            activity.IsAllDataRequested = false;
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
