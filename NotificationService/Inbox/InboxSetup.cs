using NotificationService.Data;
using NotificationService.Delivery;

namespace NotificationService.Inbox;

internal static class InboxSetup
{
    /// <summary>Adds the streams' wake-ups and the listener on the database that serves them and the dispatcher.</summary>
    public static WebApplicationBuilder AddInbox(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<InboxOptions>(InboxOptions.Section);
        builder.Services.AddSingleton<InboxSignals>();
        builder.Services.AddSingleton<QueueSignal>();
        builder.Services.AddHostedService<DatabaseListener>();
        return builder;
    }
}
