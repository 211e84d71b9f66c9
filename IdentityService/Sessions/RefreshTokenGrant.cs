using IdentityService.Clients;
using IdentityService.OpenId;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.Sessions;

/// <summary>
/// The grant <c>refresh_token</c> of applications (RFC 6749 section 6), rotated and watched like the platform's own
/// (RFC 9700 section 4.14).
/// </summary>
internal sealed class RefreshTokenGrant(RefreshSession refresh, ClientSessionTokens tokens)
{
    public const string Grant = "refresh_token";

    public async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> ExchangeAsync(
        AuthenticatedClient client, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken)
    {
        if (client.Registered is not { } application || !application.Allows(Grant))
        {
            return OAuthProblems.UnauthorizedClient();
        }

        if (form.GetValueOrDefault("refresh_token") is not { } text)
        {
            return OAuthProblems.InvalidRequest("The parameter refresh_token is missing.");
        }

        string[]? narrowed = form.GetValueOrDefault("scope") is { } scope ? GrantedScopes.Read(scope) : null;
        if (narrowed?.Except(application.Scopes, StringComparer.Ordinal).Any() == true)
        {
            return OAuthProblems.InvalidScope();
        }

        return await refresh.ExchangeAsync(text, application, narrowed, cancellationToken) is { } refreshed
            ? TypedResults.Ok(tokens.AnswerOf(application, refreshed))
            : OAuthProblems.InvalidGrant("The refresh token is not valid.");
    }
}
