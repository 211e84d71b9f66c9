using NotificationService.Data;
using NotificationService.Delivery;
using NotificationService.Templates;
using ServiceDefaults.Messaging;

namespace NotificationService.Routing;

/// <summary>From events on the bus to rows in the queue and the inbox.</summary>
internal static class RoutingSetup
{
    public static WebApplicationBuilder AddRouting(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RoutingOptions>(RoutingOptions.Section)
            .Validate(
                options => options.Channels.Keys.All(kind => Rules.All.Any(rule => rule.Kind == kind)),
                $"Routing:Channels: it names a kind that does not exist. Use {string.Join(", ", Rules.All.Select(rule => rule.Kind))}.")
            .Validate(
                options => options.Channels.All(kind => !kind.Value.Contains(Channel.Inbox)
                    || Rules.All.Any(rule => rule.Kind == kind.Key && rule.Channels.Contains(Channel.Inbox))),
                "Routing:Channels: it sends to the inbox what is for mail only, a link or an alert. Leave it Email, or empty to switch it off.");
        builder.Services.AddValidatedOptions<AlertOptions>(AlertOptions.Section);
        builder.Services.AddScoped<PlatformAlerts>();
        builder.Services.AddSingleton<TemplateCatalogue>();
        builder.Services.AddScoped<Router>();
        builder.Services.AddEventSealing();
        builder.Services.AddSingleton<SealedValues>();
        builder.AddMessaging<NotificationDbContext>("notification", bus =>
        {
            bus.AddConsumer<UserRegisteredConsumer>();
            bus.AddConsumer<PasswordChangedConsumer>();
            bus.AddConsumer<AccountLinkIssuedConsumer>();
            bus.AddConsumer<EmailChangedConsumer>();
            bus.AddConsumer<UserDeletedConsumer>();
            bus.AddConsumer<AuditGapFoundConsumer>();
            bus.AddConsumer<AuditGapClosedConsumer>();
        });
        return builder;
    }
}
