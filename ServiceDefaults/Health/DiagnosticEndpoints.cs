using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ServiceDefaults.Logging;
using ServiceDefaults.Problems;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Health;

/// <summary>Recent errors, metrics and log levels, on the management port.</summary>
internal sealed class DiagnosticEndpoints(RecentErrors errors, PrometheusScrape metrics, LogLevels levels)
{
    public void Map(ManagementRoutes routes)
    {
        routes.Map(HttpMethods.Get, "/errors", context => Results.Json(new { Items = errors.Snapshot() }).ExecuteAsync(context));
        routes.Map(HttpMethods.Get, "/metrics", metrics.WriteAsync);
        routes.Map(HttpMethods.Get, "/loglevels", ShowLevelsAsync);
        routes.Map(HttpMethods.Put, "/loglevels", ChangeLevelsAsync);
    }

    private Task ShowLevelsAsync(HttpContext context) => Results.Json(levels.Effective()).ExecuteAsync(context);

    private async Task ChangeLevelsAsync(HttpContext context)
    {
        Dictionary<string, string?>? changes;
        try
        {
            changes = await context.Request.ReadFromJsonAsync<Dictionary<string, string?>>(context.RequestAborted);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            await Problem.Of(400, ProblemCodes.MalformedRequest, "Send an object of category to level, as application/json.").ExecuteAsync(context);
            return;
        }

        if (levels.Change(changes ?? []) is { Count: > 0 } faults)
        {
            await Problem.Validation(faults).ExecuteAsync(context);
            return;
        }

        await ShowLevelsAsync(context);
    }
}
