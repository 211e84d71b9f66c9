using Microsoft.AspNetCore.Mvc;
using ServiceDefaults.Data;

namespace IdentityService.Tokens;

/// <summary>Traits of the routes on which one has no token yet.</summary>
internal static class SigningInRoutes
{
    private const int MostBytes = 32 * 1024;

    /// <summary>Whose account it is shows only once it was found, so these queries are not limited to a tenant.</summary>
    public static TBuilder SeeingEveryTenant<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter((context, next) =>
        {
            context.HttpContext.RequestServices.GetRequiredService<TenantScope>().EnterAll();
            return next(context);
        });

    /// <summary>Where clients ask with a form, and prove themselves by other means than an access token.</summary>
    public static RouteHandlerBuilder AsOAuthEndpoint(this RouteHandlerBuilder endpoint) =>
        endpoint.AllowAnonymous().SeeingEveryTenant().WithNoStore().WithSmallBodies().DisableAntiforgery();

    /// <summary>Bodies here are names, passwords and tokens; a larger one is 413.</summary>
    public static TBuilder WithSmallBodies<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new RequestSizeLimitAttribute(MostBytes));

    /// <summary>Answers that carry tokens or personal data are never to be kept by a cache (RFC 6749 section 5.1).</summary>
    public static TBuilder WithNoStore<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            return await next(context);
        });
}
