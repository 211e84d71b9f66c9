using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.Tokens;

/// <summary>An error of the token endpoint, worded as in RFC 6749 section 5.2.</summary>
internal sealed record OAuthError(
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("error_description")] string Description);

/// <summary>The expected failures of the token endpoint.</summary>
internal static class OAuthProblems
{
    public static JsonHttpResult<OAuthError> InvalidRequest(string description) => Of(400, "invalid_request", description);

    /// <summary>One answer for whatever is wrong with a client's proof.</summary>
    public static JsonHttpResult<OAuthError> InvalidClient() => Of(401, "invalid_client", "The client could not be authenticated.");

    /// <summary>The client is who it says, and may not do this.</summary>
    public static JsonHttpResult<OAuthError> UnauthorizedClient() =>
        Of(400, "unauthorized_client", "The client may not use this grant.");

    /// <summary>One answer for whatever is wrong with a code, key or refresh token.</summary>
    public static JsonHttpResult<OAuthError> InvalidGrant(string description) => Of(400, "invalid_grant", description);

    public static JsonHttpResult<OAuthError> UnsupportedGrantType() =>
        Of(400, "unsupported_grant_type", "The grant type is not supported.");

    public static JsonHttpResult<OAuthError> InvalidScope() =>
        Of(400, "invalid_scope", "The scope is not one that this client may have.");

    public static JsonHttpResult<OAuthError> Of(int status, string error, string description) =>
        TypedResults.Json(new OAuthError(error, description), statusCode: status);
}
