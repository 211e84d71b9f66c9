using NotificationService.Data;
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
                $"Routing:Channels: it names a kind that does not exist. Use {string.Join(", ", Rules.All.Select(rule => rule.Kind))}.");
        builder.Services.AddSingleton<TemplateCatalogue>();
        builder.Services.AddScoped<Router>();
        builder.AddMessaging<NotificationDbContext>("notification", bus =>
        {
            bus.AddConsumer<UserRegisteredConsumer>();
            bus.AddConsumer<PasswordChangedConsumer>();
        });
        return builder;
    }
}
