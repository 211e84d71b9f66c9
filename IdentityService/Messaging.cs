using IdentityService.ApiKeys;
using IdentityService.Clients;
using IdentityService.Data;
using ServiceDefaults.Messaging;

namespace IdentityService;

/// <summary>Events in and out.</summary>
internal static class Messaging
{
    public static void AddIdentityMessaging(this IHostApplicationBuilder builder) =>
        builder.AddMessaging<IdentityDb>("identity", static bus =>
        {
            bus.AddConsumer<DeviceClientConsumer>();
            bus.AddConsumer<ApiKeyUseConsumer>();
        });
}
