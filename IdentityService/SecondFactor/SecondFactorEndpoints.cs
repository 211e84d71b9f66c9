using IdentityService.Sessions;
using IdentityService.Tokens;
using ServiceDefaults.Authentication;

namespace IdentityService.SecondFactor;

/// <summary>Routes of second factors: to get one, to sign in with one, to prove it anew.</summary>
internal static class SecondFactorEndpoints
{
    public static void AddSecondFactor(this IServiceCollection services)
    {
        services.AddValidatedOptions<SecondFactorOptions>("SecondFactor");
        services.AddScoped<AdministratorRule>();
        services.AddScoped<Challenges>();
        services.AddScoped<SecondFactorCheck>();
        services.AddScoped<SecondStep>();
        services.AddScoped<ConfirmSecondFactor>();
        services.AddScoped<StepUp>();
    }

    public static void MapSecondFactorEndpoints(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/auth/login/2fa", LogInWithSecondFactor.HandleAsync)
            .AllowAnonymous().SeeingEveryTenant().WithNoStore().WithSmallBodies().WithName("LogInWithSecondFactor");

        var own = routes.MapGroup("/api/v1/auth")
            .RequireScope(Scopes.IdentitySelf).RequireLivingSession().WithNoStore().WithSmallBodies();
        own.MapPost("/step-up", StepUp.HandleAsync).WithName("StepUp");
        own.MapGet("/2fa", ShowSecondFactor.HandleAsync).WithName("ShowSecondFactor");
        own.MapPost("/2fa/setup", SetUpSecondFactor.HandleAsync).RequireRecentSecondFactor().WithName("SetUpSecondFactor");
        own.MapPost("/2fa/confirm", ConfirmSecondFactor.HandleAsync).WithName("ConfirmSecondFactor");
        own.MapPost("/2fa/disable", DisableSecondFactor.HandleAsync).WithName("DisableSecondFactor");
        own.MapPost("/2fa/recovery-codes", RenewRecoveryCodes.HandleAsync).RequireRecentSecondFactor().WithName("RenewRecoveryCodes");
    }
}
