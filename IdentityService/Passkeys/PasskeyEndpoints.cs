using IdentityService.Accounts;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Passkeys;

/// <summary>Routes of passkeys.</summary>
internal static class PasskeyEndpoints
{
    public const string Path = "/api/v1/auth/passkeys";

    public static void AddPasskeys(this IServiceCollection services)
    {
        services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<AuthenticationOptions>, IOptions<SecondFactorOptions>>(Configure);
        services.AddScoped<PasskeyCeremonies>();
        services.AddScoped<PasskeyList>();
        services.AddScoped<PasskeySignIn>();
    }

    public static void MapPasskeyEndpoints(this IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup($"{Path}/sign-in").AllowAnonymous().SeeingEveryTenant().WithNoStore().WithSmallBodies();
        open.MapPost("/options", LogInWithPasskey.OfferAsync).WithName("OfferPasskeySignIn");
        open.MapPost("/", LogInWithPasskey.HandleAsync).WithName("LogInWithPasskey");

        var own = routes.MapGroup(Path).RequireScope(Scopes.IdentitySelf).RequireLivingSession().WithNoStore().WithSmallBodies();
        own.MapPost("/step-up", LogInWithPasskey.StepUpAsync).WithName("StepUpWithPasskey");
        own.MapGet("/", ManagePasskeys.ListAsync).WithName("ListPasskeys");
        own.MapPut("/{id}", ManagePasskeys.RenameAsync).WithName("RenamePasskey");

        // A passkey is a way in, as good as password and code.
        var guarded = own.MapGroup("").RequireRecentSecondFactor();
        guarded.MapPost("/options", ManagePasskeys.OfferAsync).WithName("OfferPasskey");
        guarded.MapPost("/", ManagePasskeys.RegisterAsync).WithName("RegisterPasskey");
        guarded.MapDelete("/{id}", ManagePasskeys.RemoveAsync).WithName("RemovePasskey");
    }

    /// <summary>
    /// Bound to the issuer's own origin, which the browser vouches for; a page elsewhere, or ours in a foreign frame, gets
    /// nothing that is valid here. Discoverable, so that nobody types a name; the user is verified, so that it is two factors.
    /// </summary>
    private static void Configure(IdentityPasskeyOptions passkeys, IOptions<AuthenticationOptions> authentication, IOptions<SecondFactorOptions> secondFactor)
    {
        var issuer = new Uri(authentication.Value.Issuer);
        passkeys.ServerDomain = issuer.Host;
        passkeys.UserVerificationRequirement = "required";
        passkeys.ResidentKeyRequirement = "required";
        passkeys.AttestationConveyancePreference = "none";
        passkeys.AuthenticatorTimeout = secondFactor.Value.ChallengeLife;
        passkeys.ValidateOrigin = context => ValueTask.FromResult(
            !context.CrossOrigin && context.TopOrigin is null && context.Origin == issuer.GetLeftPart(UriPartial.Authority));
    }
}
