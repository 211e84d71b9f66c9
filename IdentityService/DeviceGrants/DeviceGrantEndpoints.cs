using IdentityService.Pages;
using IdentityService.Tokens;

namespace IdentityService.DeviceGrants;

/// <summary>Routes by which a device without keyboard gets in.</summary>
internal static class DeviceGrantEndpoints
{
    public static void AddDeviceGrants(this IServiceCollection services)
    {
        services.AddScoped<StartDeviceGrant>();
        services.AddScoped<DeviceCodeGrant>();
        services.AddScoped<DevicePage>();
    }

    public static void MapDeviceGrantEndpoints(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(StartDeviceGrant.Path, StartDeviceGrant.HandleAsync).AsOAuthEndpoint().WithName("StartDeviceGrant");
        var pages = routes.MapPages(DevicePage.Path);
        pages.MapGet("", DevicePage.ShowAsync).WithName("ShowDevice");
        pages.MapPost("", DevicePage.HandleAsync).WithName("ConnectDevice");
    }
}
