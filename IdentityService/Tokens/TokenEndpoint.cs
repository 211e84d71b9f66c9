using IdentityService.ApiKeys;
using IdentityService.Clients;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.Tokens;

/// <summary>The token endpoint (RFC 6749 section 3.2): reads the form, checks the client, hands it to its grant.</summary>
internal static class TokenEndpoint
{
    public const string Path = "/connect/token";

    private static readonly string[] Grants = [ClientTokens.Grant, ApiKeyExchange.Grant];

    public static void MapTokenEndpoints(this IEndpointRouteBuilder routes) =>
        routes.MapPost(Path, HandleAsync).AsOAuthEndpoint().WithName("IssueToken");

    private static async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request,
        ClientAuthentication clients,
        ClientTokens clientTokens,
        ApiKeyExchange keys,
        CancellationToken cancellationToken)
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
        return client is null ? refusal! : grant switch
        {
            ApiKeyExchange.Grant => await keys.ExchangeAsync(client, form, cancellationToken),
            _ => await clientTokens.IssueAsync(client, form.GetValueOrDefault("scope"), cancellationToken),
        };
    }
}
