using System.Globalization;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityService.ApiKeys;

/// <summary>
/// Token exchange (RFC 8693 section 2) of an API key for a short access token. Only the gateway may: a key is something to
/// show to it and to nobody else.
/// </summary>
internal sealed class ApiKeyExchange(
    IdentityDb database,
    AccessTokenIssuer issuer,
    IdentityMetrics metrics,
    ApiKeyRefusals refusals,
    AdministratorRule administrators,
    IOptions<ApiKeyOptions> options,
    TimeProvider time)
{
    public const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string KeyType = "urn:platform:params:oauth:token-type:api-key";
    public const string AccessTokenType = "urn:ietf:params:oauth:token-type:access_token";

    public async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> ExchangeAsync(
        AuthenticatedClient client, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken)
    {
        if (!client.IsGateway)
        {
            return OAuthProblems.UnauthorizedClient();
        }

        if (FaultOf(form) is { } fault)
        {
            return OAuthProblems.InvalidRequest(fault);
        }

        var now = time.GetInstant();
        if (!ApiKeyFormat.TryHash(form["subject_token"], out var hash)
            || await FindAsync(hash, cancellationToken) is not var (key, owner)
            || !key.LivesAt(now)
            || owner.DisabledAt is not null
            || await database.IsTenantOutAsync(owner.TenantId, cancellationToken))
        {
            return refusals.Refuse();
        }

        var roles = await administrators.CutAsync(await database.RolesOfAsync(owner.Id, cancellationToken), owner, cancellationToken);
        string[] scopes = [.. key.Scopes.Intersect(Role.ScopesOf(roles), StringComparer.Ordinal)];
        var life = key.ExpiresAt - now < options.Value.TokenLife ? key.ExpiresAt - now : options.Value.TokenLife;
        metrics.TokenIssued("api_key");
        return TypedResults.Ok(TokenResponse.From(issuer.Issue(SubjectOf(key, owner, scopes, life))) with { IssuedTokenType = AccessTokenType });
    }

    private static string? FaultOf(IReadOnlyDictionary<string, string> form) =>
        !form.ContainsKey("subject_token") ? "The parameter subject_token is missing."
        : form.GetValueOrDefault("subject_token_type") != KeyType ? $"The subject_token_type must be {KeyType}."
        : form.GetValueOrDefault("requested_token_type") is not (null or AccessTokenType) ? $"The requested_token_type must be {AccessTokenType}."
        : null;

    private async Task<(ApiKey Key, User Owner)?> FindAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var found = await database.ApiKeys.AsNoTracking()
            .Where(row => row.Hash == hash)
            .Join(database.Users.AsNoTracking(), key => key.UserId, user => user.Id, (key, user) => new { Key = key, Owner = user })
            .SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : (found.Key, found.Owner);
    }

    // No roles: they would say more than the key's scopes allow.
    private static TokenSubject SubjectOf(ApiKey key, User owner, string[] scopes, TimeSpan life) => new(
        owner.Id.ToString(), GatewayClientOptions.Id, owner.TenantId, key.Id, owner.UserName, scopes, [], owner.Epoch)
    {
        Life = life,
        KeyId = key.Id,
        KeyLimit = key.RateLimit,
    };
}

/// <summary>Answers to wrong keys.</summary>
internal sealed class ApiKeyRefusals(WrongKeys wrong, IHttpContextAccessor requests, IdentityMetrics metrics)
{
    /// <summary>One answer for an unknown, an expired and a revoked key, and for one whose owner may not sign in.</summary>
    public JsonHttpResult<OAuthError> Refuse()
    {
        metrics.ApiKeyRefused();
        var http = requests.HttpContext!;
        if (wrong.Count(http.Connection.RemoteIpAddress) is not { } wait)
        {
            return OAuthProblems.InvalidGrant("The API key is not valid.");
        }

        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return OAuthProblems.Of(429, "temporarily_unavailable", "Too many wrong API keys from this address. Try again later.");
    }
}
