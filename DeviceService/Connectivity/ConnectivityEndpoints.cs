using DeviceService.Devices;
using ServiceDefaults.Authentication;

namespace DeviceService.Connectivity;

internal static class ConnectivityEndpoints
{
    public static void AddConnectivity(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<ConnectivityOptions>("Connectivity");
        builder.Services.AddSingleton<HeartbeatQueue>();
        builder.Services.AddSingleton<HeartbeatWriter>();
        builder.Services.AddSingleton<ReceiveHeartbeat>();
        builder.Services.AddHostedService<HeartbeatFlush>();
        builder.Services.AddSingleton<ReceiverRegister>();
        builder.Services.AddSingleton<ConnectivitySweep>();
        builder.Services.AddSingleton<FleetCount>();
        builder.Services.AddSingleton<ConnectivityWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ConnectivityWatch>());
    }

    public static void MapConnectivityEndpoints(this IEndpointRouteBuilder routes) =>
        routes.MapPost(
                $"{DeviceEndpoints.Prefix}/{{id:guid}}/heartbeat",
                (ReceiveHeartbeat receive, Guid id, HeartbeatRequest? request, Caller caller, CancellationToken stop) =>
                    receive.HandleAsync(id, request, caller, stop))
            .RequireScope(Scopes.DevicesSelf).WithTags("Connectivity").WithName("SendHeartbeat");
}
