using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.TokenRevocation;

/// <summary>
/// Revocation by the client a token was given to (RFC 7009 section 2): an access token by its <c>jti</c>, a refresh token
/// with its whole family and the access tokens from it (section 2.1). A token that is unknown, over, or another's is
/// answered with 200 like one that was revoked (section 2.2): nothing is learned from asking.
/// </summary>
internal sealed class RevokeToken(
    IdentityDb database,
    ClientAuthentication clients,
    AccessTokenValidator validator,
    RevocationLog revocations,
    RevocationReceipts receipts,
    SessionEnding ending,
    Caller caller)
{
    public const string Path = "/connect/revoke";

    public static Task<Results<Ok, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request, RevokeToken revocation, CancellationToken cancellationToken) =>
        revocation.RevokeAsync(request, cancellationToken);

    private async Task<Results<Ok, JsonHttpResult<OAuthError>>> RevokeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (await OAuthForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return OAuthProblems.InvalidRequest(OAuthForm.Malformed);
        }

        var (client, refusal) = await clients.AuthenticateAsync(request, form, cancellationToken);
        if (client is null)
        {
            return refusal!;
        }

        if (form.GetValueOrDefault("token") is not { } text)
        {
            return OAuthProblems.InvalidRequest("The parameter token is missing.");
        }

        // The hint only saves a look (section 2.1); the two kinds can't be taken for each other.
        if (RefreshTokenFormat.TryRead(text, out var refreshToken))
        {
            await EndFamilyAsync(refreshToken, client, cancellationToken);
        }
        else if ((await validator.ValidateAsync(text, cancellationToken)).Token is { } token && token.ClientId == client.Id)
        {
            await RevokeAsync(token, client, cancellationToken);
        }

        return TypedResults.Ok();
    }

    private async Task EndFamilyAsync(byte[] refreshToken, AuthenticatedClient client, CancellationToken cancellationToken)
    {
        var hash = RefreshTokenFormat.Hash(refreshToken);
        if (client.Registered is not { } application
            || await database.RefreshTokens.Where(row => row.Hash == hash)
                .Join(database.Sessions, token => token.SessionId, session => session.Id, (_, session) => session)
                .SingleOrDefaultAsync(row => row.ClientId == application.Id, cancellationToken) is not { } session)
        {
            return;
        }

        var end = new SessionEnd("token.family_revoked", caller.Envelope(client.Actor, session.TenantId, session.Id.ToString()));
        if (await ending.EndAsync(session.Id, end, cancellationToken) is { } revocation)
        {
            await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        }
    }

    private async Task RevokeAsync(AccessToken token, AuthenticatedClient client, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var envelope = caller.Envelope(client.Actor, token.TenantId, token.SessionId);
        database.AddAudit(
            envelope,
            "token.revoked",
            "token",
            token.TokenId,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["subject"] = token.Subject });
        await database.SaveChangesAsync(cancellationToken);
        var revocation = await revocations.AddAsync(RevocationKind.Token, token.TokenId, epoch: null, envelope, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        revocations.Committed(revocation);
        await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
    }
}

/// <summary>Revocation's one route.</summary>
internal static class TokenRevocationEndpoints
{
    public static void AddTokenRevocation(this IServiceCollection services) => services.AddScoped<RevokeToken>();

    public static void MapTokenRevocationEndpoints(this IEndpointRouteBuilder routes) =>
        routes.MapPost(RevokeToken.Path, RevokeToken.HandleAsync).AsOAuthEndpoint().WithName("RevokeToken");
}
