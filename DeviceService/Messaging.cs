using DeviceService.Data;
using ServiceDefaults.Messaging;

namespace DeviceService;

internal static class Messaging
{
    /// <summary>The bus and the outbox. This service tells; so far it listens to nobody.</summary>
    public static void AddDeviceMessaging(this IHostApplicationBuilder builder) =>
        builder.AddMessaging<DeviceDbContext>("device");
}
