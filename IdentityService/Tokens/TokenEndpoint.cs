using IdentityService.ApiKeys;
using IdentityService.Authorization;
using IdentityService.Clients;
using IdentityService.DeviceGrants;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.Tokens;

/// <summary>The token endpoint (RFC 6749 section 3.2): reads the form, checks the client, hands it to its grant.</summary>
/// <param name="grants">Gives the one grant that is asked for: making all of them costs more than the rest of a request.</param>
internal sealed class TokenEndpoint(IServiceProvider grants)
{
    public const string Path = "/connect/token";

    /// <summary>As discovery names them.</summary>
    public static readonly string[] Grants =
        [CodeExchange.Grant, RefreshTokenGrant.Grant, ClientTokens.Grant, DeviceCodeGrant.Grant, ApiKeyExchange.Grant];

    public static async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request, ClientAuthentication clients, TokenEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (await OAuthForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return OAuthProblems.InvalidRequest(OAuthForm.Malformed);
        }

        if (form.GetValueOrDefault("grant_type") is not { } grant)
        {
            return OAuthProblems.InvalidRequest("The parameter grant_type is missing.");
        }

        if (!Grants.Contains(grant, StringComparer.Ordinal))
        {
            return OAuthProblems.UnsupportedGrantType();
        }

        var (client, refusal) = await clients.AuthenticateAsync(request, form, cancellationToken);
        return client is null ? refusal! : await endpoint.GrantAsync(grant, client, form, cancellationToken);
    }

    private Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> GrantAsync(
        string grant, AuthenticatedClient client, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken) =>
        grant switch
        {
            CodeExchange.Grant => grants.GetRequiredService<CodeExchange>().ExchangeAsync(client, form, cancellationToken),
            RefreshTokenGrant.Grant => grants.GetRequiredService<RefreshTokenGrant>().ExchangeAsync(client, form, cancellationToken),
            DeviceCodeGrant.Grant => grants.GetRequiredService<DeviceCodeGrant>().PollAsync(client, form, cancellationToken),
            ApiKeyExchange.Grant => grants.GetRequiredService<ApiKeyExchange>().ExchangeAsync(client, form, cancellationToken),
            _ => grants.GetRequiredService<ClientTokens>().IssueAsync(client, form.GetValueOrDefault("scope"), cancellationToken),
        };
}

/// <summary>The token endpoint's route.</summary>
internal static class TokenEndpoints
{
    public static void MapTokenEndpoints(this IEndpointRouteBuilder routes) =>
        routes.MapPost(TokenEndpoint.Path, TokenEndpoint.HandleAsync).AsOAuthEndpoint().WithName("IssueToken");
}
