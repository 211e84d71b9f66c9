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

namespace IdentityService.DeviceGrants;

/// <summary>The grant by which a device polls for its tokens (RFC 8628 sections 3.4 and 3.5).</summary>
internal sealed class DeviceCodeGrant(IdentityDb database, ClientSessionTokens tokens, TimeProvider time)
{
    public const string Grant = "urn:ietf:params:oauth:grant-type:device_code";

    public async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> PollAsync(
        AuthenticatedClient client, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken)
    {
        if (client.Registered is not { } application || !application.Allows(Grant))
        {
            return OAuthProblems.UnauthorizedClient();
        }

        if (form.GetValueOrDefault("device_code") is not { } code)
        {
            return OAuthProblems.InvalidRequest("The parameter device_code is missing.");
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(code));
        var waiting = await database.DeviceGrants
            .FromSql($"SELECT * FROM device_grants WHERE device_code_hash = {hash} AND client_id = {application.Id} FOR UPDATE")
            .SingleOrDefaultAsync(cancellationToken);
        var poll = waiting?.Poll(time.GetInstant()) ?? DevicePoll.Invalid;
        TokenResponse? answer = null;
        if (poll == DevicePoll.Granted && await FindBrowserAsync(waiting!, cancellationToken) is { } browser)
        {
            (_, answer) = await tokens.BeginAsync(application, browser, waiting!.Scopes, nonce: null, "device_code", cancellationToken);
        }

        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer is null ? Refusal(poll) : TypedResults.Ok(answer);
    }

    private static JsonHttpResult<OAuthError> Refusal(DevicePoll poll) => poll switch
    {
        DevicePoll.AuthorizationPending => OAuthProblems.Of(400, "authorization_pending", "The user has not decided yet."),
        DevicePoll.SlowDown => OAuthProblems.Of(400, "slow_down", "Poll 5 seconds less often."),
        DevicePoll.AccessDenied => OAuthProblems.Of(400, "access_denied", "The user said no."),
        DevicePoll.ExpiredToken => OAuthProblems.Of(400, "expired_token", "The user took too long. Start again."),
        _ => OAuthProblems.InvalidGrant("The device code is not valid."),
    };

    private async Task<BrowserSession?> FindBrowserAsync(DeviceGrant grant, CancellationToken cancellationToken) =>
        await database.Sessions.SingleOrDefaultAsync(row => row.Id == grant.BrowserSessionId, cancellationToken) is { } session
        && await database.Users.SingleOrDefaultAsync(row => row.Id == session.UserId, cancellationToken) is { } user
        && session.LivesAt(time.GetUtcNow(), user)
            ? new BrowserSession(session, user)
            : null;
}
