using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults.Hosting;
using ServiceDefaults.Logging;

namespace ServiceDefaults.Health;

internal sealed class HealthEndpoints(HealthSnapshot snapshot, ServerLifetime lifetime)
{
    public void Map(ManagementRoutes routes)
    {
        routes.Map(HttpMethods.Get, "/live", LiveAsync);
        routes.Map(HttpMethods.Get, "/ready", ReadyAsync);
        routes.Map(HttpMethods.Get, "/health", HealthAsync);
    }

    private static Task LiveAsync(HttpContext context) => WriteAsync(context, healthy: true, new { Status = "healthy" });

    private async Task ReadyAsync(HttpContext context)
    {
        if (lifetime.IsStopping)
        {
            await WriteAsync(context, healthy: false, new { Status = "stopping", Waiting = Array.Empty<string>() });
            return;
        }

        HealthReport report = await snapshot.GetAsync(context.RequestAborted);
        string[] waiting = [.. report.Entries
            .Where(static entry => entry.Value.Status == HealthStatus.Unhealthy && entry.Value.Tags.Contains(ReadyChecks.Tag))
            .Select(static entry => entry.Key)];
        await WriteAsync(context, waiting.Length == 0, new { Status = waiting.Length == 0 ? "ready" : "waiting", Waiting = waiting });
    }

    private async Task HealthAsync(HttpContext context)
    {
        HealthReport report = await snapshot.GetAsync(context.RequestAborted);
        await WriteAsync(context, report.Status != HealthStatus.Unhealthy, new
        {
            Status = Name(report.Status),
            DurationMs = Milliseconds(report.TotalDuration),
            Entries = report.Entries.ToDictionary(static entry => entry.Key, static entry => new
            {
                Status = Name(entry.Value.Status),
                DurationMs = Milliseconds(entry.Value.Duration),
                Description = Describe(entry.Value),
            }, StringComparer.Ordinal),
        });
    }

    // An exception's message can hold hosts and credentials; its type tells enough to look in the logs.
    private static string? Describe(HealthReportEntry entry) => entry switch
    {
        { Exception: { } fault } => fault.GetType().Name,
        { Description: { } text } => Redaction.Text(text),
        _ => null,
    };

    private static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 2);

    private static Task WriteAsync(HttpContext context, bool healthy, object body)
    {
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(body, statusCode: healthy ? 200 : 503).ExecuteAsync(context);
    }
}
