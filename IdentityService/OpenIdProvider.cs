using IdentityService.ApiKeys;
using IdentityService.Authorization;
using IdentityService.ClientRegistration;
using IdentityService.DeviceGrants;
using IdentityService.Introspection;
using IdentityService.OpenId;
using IdentityService.Pages;
using IdentityService.RevocationAdministration;
using IdentityService.SigningOut;
using IdentityService.SignInPages;
using IdentityService.TokenRevocation;
using IdentityService.Tokens;

namespace IdentityService;

/// <summary>Everything by which applications, devices and programs get in and out: pages, grants, keys.</summary>
internal static class OpenIdProvider
{
    public static void AddOpenIdProvider(this IServiceCollection services)
    {
        services.AddApiKeys();
        services.AddIntrospection();
        services.AddTokenRevocation();
        services.AddPages();
        services.AddSignInPages();
        services.AddAuthorizationGrant();
        services.AddDeviceGrants();
        services.AddOpenId();
        services.AddSigningOut();
        services.AddClientRegistration();
        services.AddRevocationAdministration();
    }

    public static void MapOpenIdProvider(this IEndpointRouteBuilder routes)
    {
        routes.MapApiKeyEndpoints();
        routes.MapTokenEndpoints();
        routes.MapIntrospectionEndpoints();
        routes.MapTokenRevocationEndpoints();
        routes.MapPageEndpoints();
        routes.MapSignInPages();
        routes.MapAuthorizationEndpoints();
        routes.MapDeviceGrantEndpoints();
        routes.MapOpenIdEndpoints();
        routes.MapSigningOutEndpoints();
        routes.MapClientEndpoints();
        routes.MapRevocationAdministration();
    }
}
