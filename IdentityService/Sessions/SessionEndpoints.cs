using IdentityService.Tokens;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>Routes that prolong, list and end sessions.</summary>
internal static class SessionEndpoints
{
    public static void MapSessionEndpoints(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/auth").WithNoStore().WithSmallBodies();
        group.MapPost("/refresh", RefreshSession.HandleAsync).AllowAnonymous().SeeingEveryTenant().WithName("RefreshSession");
        group.MapPost("/logout", LogOut.HandleAsync).RequireScope(Scopes.IdentitySelf).RequireLivingSession().WithName("LogOut");

        var own = group.MapGroup("/sessions").RequireScope(Scopes.IdentitySelf).RequireLivingSession();
        own.MapGet("/", ListSessions.HandleAsync).WithName("ListSessions");
        own.MapDelete("/", EndSessions.AllAsync).WithName("RevokeOwnSessions");
        own.MapDelete("/{id:guid}", EndSessions.OneAsync).WithName("RevokeOwnSession");
        own.MapPost("/revoke-others", EndSessions.OthersAsync).WithName("RevokeOtherSessions");

        routes.MapGet("/api/v1/admin/users/{id:guid}/sessions", ListSessions.OfUserAsync)
            .RequireScope(Scopes.IdentityAdmin).WithNoStore().WithName("ListSessionsOfUser");
    }

    public static void AddSessions(this IServiceCollection services)
    {
        services.AddSingleton<RefreshTokenFormat>();
        services.AddScoped<SessionTokens>();
        services.AddScoped<SessionEnding>();
        services.AddScoped<SessionSightings>();
        services.AddScoped<ListSessions>();
        services.AddSingleton<RefreshRows>();
        services.AddSingleton<OrdinaryRefresh>();
        services.AddScoped<RefreshSession>();
        services.AddScoped<RefreshOutcome>();
        services.AddScoped<RefreshTokenGrant>();
        services.AddScoped<BrowserSessions>();
    }
}
