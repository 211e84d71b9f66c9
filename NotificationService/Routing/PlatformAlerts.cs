using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Mails what is wrong with the platform to those who run it.</summary>
internal sealed partial class PlatformAlerts(Router router, IOptions<AlertOptions> options, ILogger<PlatformAlerts> logger)
{
    private const string Name = "administrator";

    public async Task SendAsync(Rule rule, EventEnvelope cause, IReadOnlyDictionary<string, string> facts, CancellationToken cancellationToken)
    {
        if (options.Value.Recipients.Count == 0)
        {
            LogNobody(logger, rule.Kind);
        }

        foreach (var recipient in options.Value.Recipients.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            await router.RouteAsync(rule, cause, new Addressee(null, Name, recipient), facts, cancellationToken);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "There is an alert, {Kind}, and nobody to send it to: set Alerts:Recipients")]
    private static partial void LogNobody(ILogger logger, string kind);
}
