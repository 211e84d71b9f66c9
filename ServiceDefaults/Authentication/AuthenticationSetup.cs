using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Data;

namespace ServiceDefaults.Authentication;

/// <summary>Every service checks the access token again, with the same code as the gateway.</summary>
public static class AuthenticationSetup
{
    /// <summary>
    /// Adds authentication by access token, with the keys that the identity service publishes, and a policy that lets
    /// nobody in anonymously unless an endpoint says so. Section <c>Authentication</c> configures it.
    /// </summary>
    public static IHostApplicationBuilder AddAccessTokens(this IHostApplicationBuilder builder)
    {
        builder.AddAccessTokens<PublishedKeys>();
        builder.AddPublishedKeys();
        return builder;
    }

    /// <summary>The same with keys of the host's own: for the issuer itself.</summary>
    public static IHostApplicationBuilder AddAccessTokens<TKeys>(this IHostApplicationBuilder builder)
        where TKeys : class, IVerificationKeys
    {
        builder.AddAccessTokenChecks<TKeys>();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped<Caller>();
        builder.Services.TryAddScoped<TenantScope>();
        builder.Services.AddAuthentication(AccessTokenHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, AccessTokenHandler>(AccessTokenHandler.SchemeName, null);
        builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        return builder;
    }

    /// <summary>
    /// Adds only what checks a token and words a refusal, without an authentication scheme or policies: for the gateway,
    /// which decides by route.
    /// </summary>
    public static IHostApplicationBuilder AddAccessTokenChecks(this IHostApplicationBuilder builder)
    {
        builder.AddAccessTokenChecks<PublishedKeys>();
        builder.AddPublishedKeys();
        return builder;
    }

    private static void AddAccessTokenChecks<TKeys>(this IHostApplicationBuilder builder)
        where TKeys : class, IVerificationKeys
    {
        builder.Services.AddValidatedOptions<AuthenticationOptions>("Authentication");
        builder.Services.AddSingleton<IVerificationKeys, TKeys>();
        builder.Services.AddSingleton<AccessTokenValidator>();
        builder.Services.AddSingleton<BearerProblems>();
    }

    private static void AddPublishedKeys(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHttpClient(PublishedKeys.Client);
        builder.Services.AddHostedService(services => (PublishedKeys)services.GetRequiredService<IVerificationKeys>());
    }

    /// <summary>
    /// Enters the caller's tenant for the rest of the request; a platform administrator sees every tenant. After authentication, before the endpoints.
    /// </summary>
    public static IApplicationBuilder UseTenantOfCaller(this IApplicationBuilder app) =>
        app.Use(static (context, next) =>
        {
            if (context.User.Identity?.IsAuthenticated == true)
            {
                var caller = context.RequestServices.GetRequiredService<Caller>();
                var tenants = context.RequestServices.GetRequiredService<TenantScope>();
                tenants.Enter(caller.TenantId);
                if (caller.Has(Scopes.Platform))
                {
                    tenants.EnterAll();
                }
            }

            return next(context);
        });
}
