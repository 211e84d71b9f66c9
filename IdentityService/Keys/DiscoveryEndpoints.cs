using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Keys;

/// <summary>What others need to know about this issuer.</summary>
internal static class DiscoveryEndpoints
{
    // Below KeyOptions.PublishAhead, or a new key would sign before its publication is seen.
    private const string Cacheable = "public, max-age=300";

    public static void MapDiscoveryEndpoints(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/.well-known").AllowAnonymous();
        group.MapGet("/openid-configuration", ShowMetadata).WithName("ShowMetadata");
        group.MapGet("/jwks.json", ShowKeys).WithName("ShowKeys");
    }

    private static IResult ShowMetadata(HttpResponse response, IOptions<AuthenticationOptions> options)
    {
        response.Headers.CacheControl = Cacheable;
        return TypedResults.Ok(IssuerMetadata.Of(options.Value));
    }

    // The framework answers 304 by itself when If-None-Match names the tag.
    private static IResult ShowKeys(HttpResponse response, KeyRing ring)
    {
        response.Headers.CacheControl = Cacheable;
        return TypedResults.Bytes(ring.Published.Document, "application/jwk-set+json", entityTag: ring.Published.Tag);
    }
}

/// <summary>OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2: only what this issuer does.</summary>
internal sealed record IssuerMetadata
{
    [JsonPropertyName("issuer")]
    public required string Issuer { get; init; }

    [JsonPropertyName("jwks_uri")]
    public required string KeySetAddress { get; init; }

    [JsonPropertyName("token_endpoint")]
    public required string TokenEndpoint { get; init; }

    [JsonPropertyName("introspection_endpoint")]
    public required string IntrospectionEndpoint { get; init; }

    [JsonPropertyName("revocation_endpoint")]
    public required string RevocationEndpoint { get; init; }

    [JsonPropertyName("grant_types_supported")]
    public string[] GrantTypes { get; } = ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"];

    [JsonPropertyName("response_types_supported")]
    public string[] ResponseTypes { get; } = [];

    [JsonPropertyName("subject_types_supported")]
    public string[] SubjectTypes { get; } = ["public"];

    [JsonPropertyName("id_token_signing_alg_values_supported")]
    public string[] IdTokenAlgorithms { get; } = ["RS256"];

    [JsonPropertyName("token_endpoint_auth_methods_supported")]
    public string[] ClientAuthentication { get; } = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

    [JsonPropertyName("token_endpoint_auth_signing_alg_values_supported")]
    public string[] ClientAlgorithms { get; } = ["ES256", "RS256"];

    [JsonPropertyName("scopes_supported")]
    public string[] ScopesSupported { get; } =
    [
        Scopes.IdentitySelf, Scopes.IdentityAdmin, Scopes.AuditRead, Scopes.AuditAdmin, Scopes.NotificationsRead,
        Scopes.NotificationsAdmin, Scopes.DevicesRead, Scopes.DevicesWrite, Scopes.DevicesSelf, Scopes.Platform,
    ];

    public static IssuerMetadata Of(AuthenticationOptions options) => new()
    {
        Issuer = options.Issuer,
        KeySetAddress = Under(options, "/.well-known/jwks.json"),
        TokenEndpoint = Under(options, Tokens.TokenEndpoint.Path),
        IntrospectionEndpoint = Under(options, Introspection.IntrospectToken.Path),
        RevocationEndpoint = Under(options, TokenRevocation.RevokeToken.Path),
    };

    /// <summary>A public address below the issuer's.</summary>
    internal static string Under(AuthenticationOptions options, string path) => options.Issuer.TrimEnd('/') + path;
}
