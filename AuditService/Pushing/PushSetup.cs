using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AuditService.Pushing;

/// <summary>Pushing of the log to a SIEM.</summary>
internal static class PushSetup
{
    public static WebApplicationBuilder AddPush(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<PushOptions>(PushOptions.Section);
        if (string.IsNullOrEmpty(builder.Configuration[$"{PushOptions.Section}:{nameof(PushOptions.Address)}"]))
        {
            return builder;
        }

        builder.Services.AddSingleton<PushMetrics>();
        builder.Services.AddHttpClient(PushWorker.Client).UseSocketsHttpHandler(static (sockets, _) => sockets.AllowAutoRedirect = false);
        builder.Services.AddHostedService<PushWorker>();
        builder.Services.AddHealthChecks().AddCheck<PushHealth>("push", HealthStatus.Degraded);
        return builder;
    }
}
