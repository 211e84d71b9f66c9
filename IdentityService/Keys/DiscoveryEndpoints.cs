using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Keys;

/// <summary>What others need to know about this issuer.</summary>
internal static class DiscoveryEndpoints
{
    // Below KeyOptions.PublishAhead and KeySchedule.Spread, or a new key would sign before its publication is seen.
    private const string Cacheable = "public, max-age=300";

    public static void MapDiscoveryEndpoints(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/.well-known").AllowAnonymous();
        group.MapGet("/openid-configuration", ShowMetadata).WithName("ShowMetadata");
        group.MapGet("/oauth-authorization-server", ShowMetadata).WithName("ShowAuthorizationServerMetadata");
        group.MapGet("/jwks.json", ShowKeys).WithName("ShowKeys");
    }

    private static IResult ShowMetadata(HttpResponse response, IOptions<AuthenticationOptions> options, IOptions<KeyOptions> keys)
    {
        response.Headers.CacheControl = Cacheable;
        return TypedResults.Ok(IssuerMetadata.Of(options.Value, keys.Value));
    }

    // The framework answers 304 by itself when If-None-Match names the tag.
    private static IResult ShowKeys(HttpResponse response, KeyRing ring)
    {
        response.Headers.CacheControl = Cacheable;
        return TypedResults.Bytes(ring.Published.Document, "application/jwk-set+json", entityTag: ring.Published.Tag);
    }
}
