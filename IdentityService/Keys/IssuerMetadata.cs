using System.Text.Json.Serialization;
using IdentityService.Authorization;
using IdentityService.DeviceGrants;
using IdentityService.Introspection;
using IdentityService.OpenId;
using IdentityService.Sessions;
using IdentityService.SigningOut;
using IdentityService.TokenRevocation;
using IdentityService.Tokens;
using ServiceDefaults.Authentication;

namespace IdentityService.Keys;

/// <summary>
/// OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2, with what RFC 8628, 9126, 9207 and the logout
/// specifications add: only what this issuer does.
/// </summary>
internal sealed record IssuerMetadata
{
    private static readonly string[] Proofs = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    private static readonly string[] ProofAlgorithms = ["ES256", "RS256"];

    [JsonPropertyName("issuer")]
    public required string Issuer { get; init; }

    [JsonPropertyName("jwks_uri")]
    public required string KeySetAddress { get; init; }

    [JsonPropertyName("authorization_endpoint")]
    public required string AuthorizationEndpoint { get; init; }

    [JsonPropertyName("token_endpoint")]
    public required string TokenEndpoint { get; init; }

    [JsonPropertyName("userinfo_endpoint")]
    public required string UserInfoEndpoint { get; init; }

    [JsonPropertyName("introspection_endpoint")]
    public required string IntrospectionEndpoint { get; init; }

    [JsonPropertyName("revocation_endpoint")]
    public required string RevocationEndpoint { get; init; }

    [JsonPropertyName("end_session_endpoint")]
    public required string EndSessionEndpoint { get; init; }

    [JsonPropertyName("device_authorization_endpoint")]
    public required string DeviceAuthorizationEndpoint { get; init; }

    [JsonPropertyName("pushed_authorization_request_endpoint")]
    public required string PushedRequestEndpoint { get; init; }

    [JsonPropertyName("grant_types_supported")]
    public string[] GrantTypes { get; } = Tokens.TokenEndpoint.Grants;

    [JsonPropertyName("response_types_supported")]
    public string[] ResponseTypes { get; } = ["code"];

    [JsonPropertyName("response_modes_supported")]
    public string[] ResponseModes { get; } = ["query"];

    [JsonPropertyName("code_challenge_methods_supported")]
    public string[] CodeChallengeMethods { get; } = ["S256"];

    [JsonPropertyName("prompt_values_supported")]
    public string[] Prompts { get; } = ["none", "login", "consent", "select_account"];

    [JsonPropertyName("subject_types_supported")]
    public string[] SubjectTypes { get; } = ["public"];

    [JsonPropertyName("id_token_signing_alg_values_supported")]
    public required string[] IdTokenAlgorithms { get; init; }

    /// <summary>A public client proves nothing at the token endpoint.</summary>
    [JsonPropertyName("token_endpoint_auth_methods_supported")]
    public string[] ClientAuthentication { get; } = [.. Proofs, "none"];

    [JsonPropertyName("token_endpoint_auth_signing_alg_values_supported")]
    public string[] ClientAlgorithms { get; } = ProofAlgorithms;

    [JsonPropertyName("introspection_endpoint_auth_methods_supported")]
    public string[] IntrospectionAuthentication { get; } = Proofs;

    [JsonPropertyName("introspection_endpoint_auth_signing_alg_values_supported")]
    public string[] IntrospectionAlgorithms { get; } = ProofAlgorithms;

    [JsonPropertyName("revocation_endpoint_auth_methods_supported")]
    public string[] RevocationAuthentication { get; } = [.. Proofs, "none"];

    [JsonPropertyName("revocation_endpoint_auth_signing_alg_values_supported")]
    public string[] RevocationAlgorithms { get; } = ProofAlgorithms;

    [JsonPropertyName("claims_supported")]
    public string[] Claims { get; } =
        ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "sid", "at_hash", "amr", "acr", "name", "preferred_username", "email", "email_verified"];

    [JsonPropertyName("acr_values_supported")]
    public string[] Levels { get; } = AuthenticationLevels.All;

    [JsonPropertyName("authorization_response_iss_parameter_supported")]
    public bool NamesIssuer { get; } = true;

    [JsonPropertyName("backchannel_logout_supported")]
    public bool BackChannelLogout { get; } = true;

    [JsonPropertyName("backchannel_logout_session_supported")]
    public bool BackChannelLogoutSession { get; } = true;

    [JsonPropertyName("require_pushed_authorization_requests")]
    public bool RequiresPushedRequests { get; }

    [JsonPropertyName("request_parameter_supported")]
    public bool RequestObjects { get; }

    [JsonPropertyName("request_uri_parameter_supported")]
    public bool RequestUris { get; }

    [JsonPropertyName("claims_parameter_supported")]
    public bool ClaimsParameter { get; }

    [JsonPropertyName("scopes_supported")]
    public string[] ScopesSupported { get; } =
    [
        .. OpenIdScopes.All,
        Scopes.IdentitySelf, Scopes.IdentityAdmin, Scopes.AuditRead, Scopes.AuditAdmin, Scopes.NotificationsRead,
        Scopes.NotificationsAdmin, Scopes.DevicesRead, Scopes.DevicesWrite, Scopes.DevicesSelf, Scopes.Platform,
    ];

    public static IssuerMetadata Of(AuthenticationOptions options, KeyOptions keys) => new()
    {
        Issuer = options.Issuer,
        IdTokenAlgorithms = [keys.IdTokenAlgorithm],
        KeySetAddress = Under(options, "/.well-known/jwks.json"),
        AuthorizationEndpoint = Under(options, Authorize.Path),
        TokenEndpoint = Under(options, Tokens.TokenEndpoint.Path),
        UserInfoEndpoint = Under(options, ShowUserInfo.Path),
        IntrospectionEndpoint = Under(options, IntrospectToken.Path),
        RevocationEndpoint = Under(options, RevokeToken.Path),
        EndSessionEndpoint = Under(options, SignOut.EndSessionPath),
        DeviceAuthorizationEndpoint = Under(options, StartDeviceGrant.Path),
        PushedRequestEndpoint = Under(options, PushRequest.Path),
    };

    /// <summary>A public address below the issuer's.</summary>
    internal static string Under(AuthenticationOptions options, string path) => options.Issuer.TrimEnd('/') + path;
}
