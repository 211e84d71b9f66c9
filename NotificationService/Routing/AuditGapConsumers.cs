using System.Globalization;
using MassTransit;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Alerts that the audit log lacks something.</summary>
internal sealed class AuditGapFoundConsumer(PlatformAlerts alerts) : IConsumer<AuditGapFound>
{
    public Task Consume(ConsumeContext<AuditGapFound> context)
    {
        var told = context.Message;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["gateway"] = told.GatewayId,
            ["from"] = GapTimes.Text(told.From),
            ["until"] = GapTimes.Text(told.To),
            ["missing"] = told.Missing.ToString(CultureInfo.InvariantCulture),
            ["dropped"] = told.Dropped.ToString(CultureInfo.InvariantCulture),
            ["countsLost"] = told.CountsLost.ToString(CultureInfo.InvariantCulture),
        };
        return alerts.SendAsync(Rules.AuditGapFound, told.Envelope, facts, context.CancellationToken);
    }
}

/// <summary>Tells that it does not any more.</summary>
internal sealed class AuditGapClosedConsumer(PlatformAlerts alerts) : IConsumer<AuditGapClosed>
{
    public Task Consume(ConsumeContext<AuditGapClosed> context)
    {
        var told = context.Message;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["gateway"] = told.GatewayId,
            ["from"] = GapTimes.Text(told.From),
            ["until"] = GapTimes.Text(told.To),
        };
        return alerts.SendAsync(Rules.AuditGapClosed, told.Envelope, facts, context.CancellationToken);
    }
}

file static class GapTimes
{
    public static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
