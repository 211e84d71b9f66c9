using ServiceDefaults.Authentication;

namespace DeviceService.Devices;

internal static class DeviceEndpoints
{
    public const string Prefix = "/api/v1/devices";

    public static void AddDevices(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DeviceMetrics>();
        builder.Services.AddScoped<ListDevices>();
        builder.Services.AddScoped<GetDevice>();
        builder.Services.AddScoped<UpdateDevice>();
        builder.Services.AddScoped<DecommissionDevice>();
        builder.Services.AddScoped<RotateDeviceKey>();
    }

    public static void MapDeviceEndpoints(this IEndpointRouteBuilder routes)
    {
        var devices = routes.MapGroup(Prefix).WithTags("Devices");

        devices.MapGet("/", (ListDevices list, [AsParameters] ListDevicesQuery query, CancellationToken stop) =>
                list.HandleAsync(query, stop))
            .RequireScope(Scopes.DevicesRead).WithName("ListDevices");

        devices.MapGet("/{id:guid}", (GetDevice get, Guid id, HttpResponse response, CancellationToken stop) =>
                get.HandleAsync(id, response, stop))
            .RequireScope(Scopes.DevicesRead, Scopes.DevicesSelf).WithName("GetDevice");

        devices.MapPut("/{id:guid}", (UpdateDevice update, Guid id, UpdateDeviceRequest request, HttpContext http, CancellationToken stop) =>
                update.HandleAsync(id, request, http, stop))
            .RequireScope(Scopes.DevicesWrite).WithName("UpdateDevice");

        devices.MapDelete("/{id:guid}", (DecommissionDevice decommission, Guid id, CancellationToken stop) =>
                decommission.HandleAsync(id, stop))
            .RequireScope(Scopes.DevicesWrite).WithName("DecommissionDevice");

        devices.MapPost("/{id:guid}/keys", (RotateDeviceKey rotate, Guid id, RotateDeviceKeyRequest request, CancellationToken stop) =>
                rotate.HandleAsync(id, request, stop))
            .RequireScope(Scopes.DevicesSelf).WithName("RotateDeviceKey");
    }
}
