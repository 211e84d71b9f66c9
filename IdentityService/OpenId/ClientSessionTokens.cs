using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Operation;
using IdentityService.Sessions;
using IdentityService.Tokens;

namespace IdentityService.OpenId;

/// <summary>What an application gets once a user has let it in: its session with the tokens of it.</summary>
internal sealed class ClientSessionTokens(SessionTokens sessions, IdTokenIssuer idTokens, IdentityMetrics metrics)
{
    /// <summary>Begins a session; the save is the use case's.</summary>
    public async Task<(Session Session, TokenResponse Answer)> BeginAsync(
        Client client, BrowserSession browser, string[] scopes, string? nonce, string grant, CancellationToken cancellationToken)
    {
        var (session, refreshToken) = sessions.Begin(client, browser.User, scopes, browser.Session);
        var (access, granted) = await sessions.IssueAsync(browser.User, session, narrowed: null, cancellationToken);
        metrics.TokenIssued(grant);
        var answer = TokenResponse.From(
            access, refreshToken is null ? null : RefreshTokenFormat.Write(refreshToken), string.Join(' ', granted));
        return (session, answer with { IdToken = IdTokenOf(session, browser.User, granted, nonce, access) });
    }

    /// <summary>The answer to a refresh (OpenID Connect Core 1.0 section 12.2: an ID token without nonce).</summary>
    public TokenResponse AnswerOf(Client client, RefreshedSession refreshed) =>
        TokenResponse.From(
            refreshed.AccessToken,
            client.Allows(RefreshTokenGrant.Grant) ? refreshed.RefreshToken : null,
            string.Join(' ', refreshed.Scopes)) with
        {
            IdToken = IdTokenOf(refreshed.Session, refreshed.User, refreshed.Scopes, nonce: null, refreshed.AccessToken),
        };

    private string? IdTokenOf(Session session, User user, IReadOnlyList<string> scopes, string? nonce, IssuedToken access) =>
        scopes.Contains(OpenIdScopes.OpenId, StringComparer.Ordinal) ? idTokens.Issue(session, user, nonce, access.Text) : null;
}
