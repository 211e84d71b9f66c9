using IdentityService.SecondFactor;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Idempotency;

namespace IdentityService.UserAdministration;

/// <summary>Routes by which administrators look after other people's accounts: those of their tenant, or of all tenants.</summary>
internal static class UserEndpoints
{
    public const string Path = "/api/v1/admin/users";

    public static void AddUserAdministration(this IServiceCollection services)
    {
        services.AddScoped<AdministratorRights>();
        services.AddScoped<UserChange>();
        services.AddScoped<CreateUser>();
        services.AddScoped<SetRoles>();
        services.AddScoped<DisableUser>();
        services.AddScoped<DeleteUser>();
    }

    public static void MapUserAdministration(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup(Path).RequireScope(Scopes.IdentityAdmin).WithNoStore().WithSmallBodies();
        users.MapGet("/", ListUsers.HandleAsync).WithName("ListUsers");
        users.MapPost("/", CreateUser.HandleAsync).AcceptIdempotencyKey().WithName("CreateUser");
        users.MapGet("/{id:guid}", ShowAsync).WithName("ShowUser");
        users.MapDelete("/{id:guid}", DeleteUser.HandleAsync).RequireRecentSecondFactor().WithName("DeleteUser");
        users.MapPut("/{id:guid}/roles", SetRoles.HandleAsync).RequireRecentSecondFactor().WithName("SetRolesOfUser");
        users.MapPost("/{id:guid}/disable", DisableUser.DisableAsync).RequireRecentSecondFactor().WithName("DisableUser");
        users.MapPost("/{id:guid}/enable", DisableUser.EnableAsync).WithName("EnableUser");
        users.MapPost("/{id:guid}/reset-password", ForcePasswordReset.HandleAsync).RequireRecentSecondFactor().WithName("ForcePasswordReset");
        users.MapPost("/{id:guid}/reset-second-factor", ResetSecondFactor.HandleAsync).RequireRecentSecondFactor().WithName("ResetSecondFactor");
        users.MapPost("/{id:guid}/unlock", UnlockUser.HandleAsync).WithName("UnlockUser");
    }

    private static Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> ShowAsync(
        Guid id, HttpResponse response, UserChange users, CancellationToken cancellationToken) =>
        users.ShowAsync(id, response, cancellationToken);
}
