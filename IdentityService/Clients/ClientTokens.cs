using IdentityService.Grouping;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Messaging;

namespace IdentityService.Clients;

/// <summary>
/// The grant <c>client_credentials</c> (RFC 6749 section 4.4): a device or an application acts for itself, without a
/// session, and gets no refresh token (section 4.4.3).
/// </summary>
internal sealed class ClientTokens(GroupedEvents events, AccessTokenIssuer issuer, Caller caller, IdentityMetrics metrics)
{
    public const string Grant = "client_credentials";

    // What only a person has is nothing that an application can have for itself.
    private static readonly string[] OfPeople = [Scopes.IdentitySelf, .. OpenIdScopes.All];

    public async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> IssueAsync(
        AuthenticatedClient client, string? requested, CancellationToken cancellationToken)
    {
        if (client.IsGateway || client.IsPublic || client.Registered?.Allows(Grant) == false)
        {
            return OAuthProblems.UnauthorizedClient();
        }

        string[] allowed = client.Registered is { } application ? [.. application.Scopes.Except(OfPeople)] : [Scopes.DevicesSelf];
        var scopes = requested?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToArray() ?? allowed;
        if (scopes.Except(allowed, StringComparer.Ordinal).Any())
        {
            return OAuthProblems.InvalidScope();
        }

        var issued = issuer.Issue(client.SubjectWith(scopes));
        await events.AddAsync(RecordOf(client), cancellationToken);
        metrics.TokenIssued(Grant);
        return TypedResults.Ok(TokenResponse.From(issued, scope: string.Join(' ', scopes)));
    }

    // Nothing hangs on the order of one client's tokens: held to it, they would leave one after the other, each waiting for
    // the broker's word about the one before.
    private OutboxMessage RecordOf(AuthenticatedClient client)
    {
        var record = AuditTrail.RecordOf(
            caller.Envelope(client.Actor, client.TenantId),
            client.Device is null ? "client.token_issued" : "device.token_issued",
            client.Device is null ? "client" : "device",
            client.Id);
        return OutboxMessage.From(record, record.Envelope.Id.ToString());
    }
}
