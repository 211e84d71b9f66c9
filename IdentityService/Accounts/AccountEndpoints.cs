using IdentityService.Sessions;
using IdentityService.Tokens;
using ServiceDefaults.Authentication;

namespace IdentityService.Accounts;

/// <summary>Routes of accounts: to get one, to sign in, to look after one's own.</summary>
internal static class AccountEndpoints
{
    /// <summary>The caller's own account.</summary>
    public const string Me = "/api/v1/auth/me";

    public static void MapAccountEndpoints(this IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("/api/v1/auth").AllowAnonymous().SeeingEveryTenant().WithNoStore().WithSmallBodies();
        open.MapPost("/register", RegisterUser.HandleAsync).WithName("RegisterUser");
        open.MapPost("/login", LogIn.HandleAsync).WithName("LogIn");

        var own = routes.MapGroup("/api/v1/auth")
            .RequireScope(Scopes.IdentitySelf).RequireLivingSession().WithNoStore().WithSmallBodies();
        own.MapGet("/me", ShowMe.HandleAsync).WithName("ShowMe");
        own.MapPut("/me", UpdateMe.HandleAsync).WithName("UpdateMe");
        own.MapPost("/change-password", ChangePassword.HandleAsync).WithName("ChangePassword");
    }
}
