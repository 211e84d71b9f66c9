using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Clients;

/// <summary>Parameters of the grant <c>client_credentials</c> with <c>private_key_jwt</c>.</summary>
internal sealed record ClientCredentialsRequest(string? AssertionType, string? Assertion, string? ClientId, string? Scope)
{
    public static ClientCredentialsRequest From(IReadOnlyDictionary<string, string> form) => new(
        form.GetValueOrDefault("client_assertion_type"),
        form.GetValueOrDefault("client_assertion"),
        form.GetValueOrDefault("client_id"),
        form.GetValueOrDefault("scope"));
}

/// <summary>Access tokens for devices: a device acts for itself, without a session, and gets no refresh token (RFC 6749 section 4.4.3).</summary>
internal sealed class DeviceTokens(
    IdentityDb database, ClientAssertion assertions, AccessTokenIssuer issuer, Caller caller, IdentityMetrics metrics)
{
    public async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> IssueAsync(
        ClientCredentialsRequest request, CancellationToken cancellationToken)
    {
        if (request.AssertionType != ClientAssertion.Type || request.Assertion is null)
        {
            return OAuthProblems.InvalidClient();
        }

        var (client, refusal) = await assertions.CheckAsync(request.Assertion, request.ClientId, cancellationToken);
        if (client is null || refusal is not null)
        {
            return await RefuseAsync(client, refusal, cancellationToken);
        }

        if (request.Scope is { } scope && scope.Split(' ').Any(one => one != Scopes.DevicesSelf))
        {
            return OAuthProblems.InvalidScope();
        }

        Audit(client, AuditResult.Success, null);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, IdentityMapping.UsedAssertionKey))
        {
            database.ChangeTracker.Clear();
            return await RefuseAsync(client, "replayed", cancellationToken);
        }

        metrics.TokenIssued("client_credentials");
        return TypedResults.Ok(TokenResponse.From(issuer.Issue(SubjectOf(client)), scope: Scopes.DevicesSelf));
    }

    private static TokenSubject SubjectOf(DeviceClient client) => new(
        client.Id.ToString(),
        client.Id.ToString(),
        client.TenantId,
        SessionId: null,
        client.Name,
        [Scopes.DevicesSelf],
        [Role.Device],
        client.Epoch);

    // Attempts in the name of a client that exists are worth a record; noise is only counted by the gateway.
    private async Task<JsonHttpResult<OAuthError>> RefuseAsync(DeviceClient? client, string? reason, CancellationToken cancellationToken)
    {
        if (client is not null)
        {
            Audit(client, AuditResult.Denied, reason);
            await database.SaveChangesAsync(cancellationToken);
        }

        return OAuthProblems.InvalidClient();
    }

    private void Audit(DeviceClient client, AuditResult result, string? reason) => database.AddAudit(
        caller.Envelope(
            result == AuditResult.Success ? new Actor(ActorKind.Device, client.Id.ToString(), client.Name) : Actor.Anonymous,
            client.TenantId),
        "device.token_issued",
        "device",
        client.Id.ToString(),
        result,
        result == AuditResult.Success ? AuditSeverity.Info : AuditSeverity.Warning,
        detail: reason is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
}
