using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.OpenId;
using IdentityService.Operation;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Authorization;

/// <summary>
/// The grant <c>authorization_code</c> (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
/// <list type="number">
/// <item>Lock the code: of two who present it, one is the second.</item>
/// <item>Presented before: someone has a copy; what it gave ends (RFC 6749 section 4.1.2).</item>
/// <item>Used up now, whatever else is wrong: a wrong verifier gets no second try.</item>
/// <item>Redirect URI, verifier and the sign-in it came from must hold.</item>
/// </list>
/// </summary>
internal sealed class CodeExchange(IdentityDb database, ClientSessionTokens tokens, CodeReplay replay, TimeProvider time)
{
    public const string Grant = AuthorizationParameters.CodeGrant;

    private const int ShortestVerifier = 43;
    private const int LongestVerifier = 128;

    public async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> ExchangeAsync(
        AuthenticatedClient client, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken)
    {
        if (client.Registered is not { } application || !application.Allows(Grant))
        {
            return OAuthProblems.UnauthorizedClient();
        }

        foreach (var name in (string[])["code", "redirect_uri", "code_verifier"])
        {
            if (!form.ContainsKey(name))
            {
                return OAuthProblems.InvalidRequest($"The parameter {name} is missing.");
            }
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(form["code"], cancellationToken) is not { } code || code.ClientId != application.Id)
        {
            return Refused();
        }

        if (code.UsedAt is not null)
        {
            await replay.EndAsync(code, client, cancellationToken);
            return Refused();
        }

        var browser = IsGood(code, form) ? await FindBrowserAsync(code, cancellationToken) : null;
        TokenResponse? answer = null;
        if (browser is null)
        {
            code.Use(time.GetInstant(), null);
        }
        else
        {
            (var session, answer) = await tokens.BeginAsync(application, browser, code.Scopes, code.Nonce, Grant, cancellationToken);
            code.Use(time.GetInstant(), session.Id);
            replay.Exchanged(session, client, browser);
        }

        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer is null ? Refused() : TypedResults.Ok(answer);
    }

    // One answer for whatever is wrong with it.
    private static JsonHttpResult<OAuthError> Refused() => OAuthProblems.InvalidGrant("The authorization code is not valid.");

    private async Task<AuthorizationCode?> LockAsync(string code, CancellationToken cancellationToken) =>
        await database.AuthorizationCodes
            .FromSql($"SELECT * FROM authorization_codes WHERE hash = {SHA256.HashData(Encoding.UTF8.GetBytes(code))} FOR UPDATE")
            .SingleOrDefaultAsync(cancellationToken);

    private bool IsGood(AuthorizationCode code, IReadOnlyDictionary<string, string> form) =>
        time.GetUtcNow() < code.ExpiresAt
        && code.RedirectUri == form["redirect_uri"]
        && form["code_verifier"] is { Length: >= ShortestVerifier and <= LongestVerifier } verifier
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(code.CodeChallenge),
            Encoding.ASCII.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))));

    private async Task<BrowserSession?> FindBrowserAsync(AuthorizationCode code, CancellationToken cancellationToken) =>
        await database.Sessions.SingleOrDefaultAsync(row => row.Id == code.BrowserSessionId, cancellationToken) is { } session
        && await database.Users.SingleOrDefaultAsync(row => row.Id == session.UserId, cancellationToken) is { } user
        && session.LivesAt(time.GetUtcNow(), user)
            ? new BrowserSession(session, user)
            : null;
}

/// <summary>Records what codes gave, and takes it back from one that turns up twice.</summary>
internal sealed class CodeReplay(IdentityDb database, SessionEnding ending, Caller caller)
{
    public void Exchanged(Session session, AuthenticatedClient client, BrowserSession browser) => database.AddAudit(
        caller.Envelope(browser.Actor, session.TenantId, session.Id.ToString()),
        "authorization.code_exchanged",
        "session",
        session.Id.ToString(),
        detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["clientId"] = client.Id });

    public async Task EndAsync(AuthorizationCode code, AuthenticatedClient client, CancellationToken cancellationToken)
    {
        if (code.SessionId is not { } session)
        {
            return;
        }

        await ending.EndAsync(
            session,
            new SessionEnd(
                "authorization.code_replayed",
                caller.Envelope(client.Actor, client.TenantId, session.ToString()),
                AuditResult.Denied,
                AuditSeverity.Critical,
                new Dictionary<string, string>(StringComparer.Ordinal) { ["clientId"] = client.Id }),
            cancellationToken);
    }
}
