using IdentityService.Pages;
using IdentityService.Tokens;

namespace IdentityService.Authorization;

/// <summary>Routes by which an application gets a user's permission.</summary>
internal static class AuthorizationEndpoints
{
    public static void AddAuthorizationGrant(this IServiceCollection services)
    {
        services.AddValidatedOptions<AuthorizationOptions>("Authorization");
        services.AddSingleton<AuthorizationAnswer>();
        services.AddScoped<AuthorizationRequests>();
        services.AddScoped<AuthorizationDecision>();
        services.AddScoped<Authorize>();
        services.AddScoped<PushRequest>();
        services.AddScoped<ConsentPage>();
        services.AddScoped<ConsentRecord>();
        services.AddScoped<CodeExchange>();
        services.AddScoped<CodeReplay>();
    }

    public static void MapAuthorizationEndpoints(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(PushRequest.Path, PushRequest.HandleAsync).AsOAuthEndpoint().WithName("PushAuthorizationRequest");
        var pages = routes.MapPages("");
        pages.MapGet(Authorize.Path, Authorize.ByQueryAsync).WithName("Authorize");
        pages.MapPost(Authorize.Path, Authorize.ByFormAsync).WithName("AuthorizeByForm");
        pages.MapGet(ConsentPage.Path, ConsentPage.ShowAsync).WithName("ShowConsent");
        pages.MapPost(ConsentPage.Path, ConsentPage.HandleAsync).WithName("GiveConsent");
    }
}
