using IdentityService.Tokens;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>Routes that prolong and end a session.</summary>
internal static class SessionEndpoints
{
    public static void MapSessionEndpoints(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/auth").WithNoStore().WithSmallBodies();
        group.MapPost("/refresh", RefreshSession.HandleAsync).AllowAnonymous().SeeingEveryTenant().WithName("RefreshSession");
        group.MapPost("/logout", LogOut.HandleAsync).RequireScope(Scopes.IdentitySelf).RequireLivingSession().WithName("LogOut");
    }

    public static void AddSessions(this IServiceCollection services)
    {
        services.AddSingleton<RefreshTokenFormat>();
        services.AddScoped<SessionTokens>();
        services.AddScoped<SessionEnding>();
        services.AddScoped<RefreshSession>();
        services.AddScoped<RefreshOutcome>();
        services.AddScoped<RefreshTokenGrant>();
        services.AddScoped<BrowserSessions>();
    }
}
