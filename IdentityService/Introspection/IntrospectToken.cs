using System.Text.Json.Serialization;
using IdentityService.Clients;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Introspection;

/// <summary>What is known of a token (RFC 7662 section 2.2). Of one that is not active, nothing but that.</summary>
public sealed record IntrospectedToken
{
    internal static readonly IntrospectedToken Inactive = new() { Active = false };

    [JsonPropertyName("active")]
    public required bool Active { get; init; }

    [JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    [JsonPropertyName("client_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClientId { get; init; }

    [JsonPropertyName("username"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Username { get; init; }

    [JsonPropertyName("token_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenType { get; init; }

    /// <summary>Seconds since 1970.</summary>
    [JsonPropertyName("exp"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ExpiresAt { get; init; }

    /// <summary>Seconds since 1970.</summary>
    [JsonPropertyName("iat"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IssuedAt { get; init; }

    [JsonPropertyName("sub"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    [JsonPropertyName("aud"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Audience { get; init; }

    [JsonPropertyName("iss"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Issuer { get; init; }

    [JsonPropertyName("jti"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenId { get; init; }

    [JsonPropertyName("sid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SessionId { get; init; }

    [JsonPropertyName("tid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? TenantId { get; init; }

    internal static IntrospectedToken Of(AccessToken token, AuthenticationOptions options) => new()
    {
        Active = true,
        Scope = string.Join(' ', token.Scopes),
        ClientId = token.ClientId,
        Username = token.Name,
        TokenType = "Bearer",
        ExpiresAt = token.ExpiresAt.ToUnixTimeSeconds(),
        IssuedAt = token.IssuedAt.ToUnixTimeSeconds(),
        Subject = token.Subject,
        Audience = options.Audience,
        Issuer = options.Issuer,
        TokenId = token.TokenId,
        SessionId = token.SessionId,
        TenantId = token.TenantId,
    };
}

/// <summary>
/// Introspection of access tokens (RFC 7662 section 2). The gateway may ask about any, everyone else about tokens of their
/// own; what one may not ask about is not active, like garbage (section 4).
/// </summary>
internal static class IntrospectToken
{
    public const string Path = "/connect/introspect";

    public static async Task<Results<Ok<IntrospectedToken>, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request,
        ClientAuthentication clients,
        AccessTokenValidator validator,
        LivingToken living,
        IdentityMetrics metrics,
        IOptions<AuthenticationOptions> options,
        CancellationToken cancellationToken)
    {
        if (await OAuthForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return OAuthProblems.InvalidRequest(OAuthForm.Malformed);
        }

        var (client, refusal) = await clients.AuthenticateAsync(request, form, cancellationToken);
        if (client is null || client.IsPublic)
        {
            return refusal ?? OAuthProblems.InvalidClient();
        }

        if (form.GetValueOrDefault("token") is not { } text)
        {
            return OAuthProblems.InvalidRequest("The parameter token is missing.");
        }

        var active = (await validator.ValidateAsync(text, cancellationToken)).Token is { } token
            && (client.IsGateway || client.Id == token.ClientId)
            && await living.IsLivingAsync(token, cancellationToken)
                ? token
                : null;
        metrics.Introspected(active is not null);
        return TypedResults.Ok(active is null ? IntrospectedToken.Inactive : IntrospectedToken.Of(active, options.Value));
    }
}

/// <summary>Introspection's one route.</summary>
internal static class IntrospectionEndpoints
{
    public static void AddIntrospection(this IServiceCollection services) => services.AddSingleton<LivingToken>();

    public static void MapIntrospectionEndpoints(this IEndpointRouteBuilder routes) =>
        routes.MapPost(IntrospectToken.Path, IntrospectToken.HandleAsync).AsOAuthEndpoint().WithName("IntrospectToken");
}
