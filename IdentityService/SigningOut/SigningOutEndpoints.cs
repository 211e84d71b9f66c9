using IdentityService.Pages;

namespace IdentityService.SigningOut;

/// <summary>Routes that sign a browser out.</summary>
internal static class SigningOutEndpoints
{
    public static void AddSigningOut(this IServiceCollection services)
    {
        services.AddSingleton<IdTokenHint>();
        services.AddSingleton<LogoutCallbacks>();
        services.AddSingleton<LogoutNotices>();
        services.AddHostedService(static provider => provider.GetRequiredService<LogoutNotices>());
        services.AddScoped<SignOut>();
    }

    public static void MapSigningOutEndpoints(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapPages("");
        pages.MapGet(SignOut.EndSessionPath, SignOut.ByApplicationAsync).WithName("EndSession");
        pages.MapPost(SignOut.EndSessionPath, SignOut.ByFormAsync).WithName("EndSessionByForm");
        pages.MapPost(SignOut.Path, SignOut.ByUserAsync).WithName("SignOut");
    }
}
