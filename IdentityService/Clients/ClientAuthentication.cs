using System.Security.Cryptography;
using System.Text;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Clients;

/// <summary>
/// Authentication of clients (RFC 6749 section 2.3): a secret in the Authorization header or in the form, or an assertion.
/// Public clients only name themselves.
/// </summary>
internal sealed class ClientAuthentication(
    IdentityDb database, RegisteredClients registered, ClientAssertion assertions, RefusedClients refused, IOptions<ClientOptions> options, Caller caller, TimeProvider time)
{
    private const int LongestSecret = 1024;

    /// <summary>
    /// Checks the proof in a request. A refusal in the name of a client that exists is written to the audit log, with a
    /// save of its own, once a minute for each place it comes from; noise is only counted by the gateway.
    /// </summary>
    /// <returns>The client, or the answer to give.</returns>
    public async Task<(AuthenticatedClient? Client, JsonHttpResult<OAuthError>? Refusal)> AuthenticateAsync(
        HttpRequest request, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken)
    {
        var check = await CheckAsync(request, form, cancellationToken);
        if (check.Client is { IsGateway: false } of && (check.TenantIsOut ?? await database.IsTenantOutAsync(of.TenantId, cancellationToken)))
        {
            check = ClientCheck.Refused("tenant_disabled", of);
        }

        if (check.Client is { } client)
        {
            return (client, null);
        }

        if (check.Claimed is { } claimed && refused.IsFirst(new RefusedClient(
            claimed.Id, claimed.TenantId, claimed.Device is not null, ClientNetwork.Of(request.HttpContext.Connection.RemoteIpAddress))))
        {
            Audit(claimed, check.Refusal!);
            await database.SaveChangesAsync(cancellationToken);
        }

        if (check.Refusal == ClientCheck.TwoProofs)
        {
            return (null, OAuthProblems.InvalidRequest("Use one way of client authentication."));
        }

        request.HttpContext.Response.Headers.WWWAuthenticate = "Basic realm=\"platform\"";
        return (null, OAuthProblems.InvalidClient());
    }

    private async Task<ClientCheck> CheckAsync(
        HttpRequest request, IReadOnlyDictionary<string, string> form, CancellationToken cancellationToken)
    {
        var header = request.Headers.Authorization;
        var clientId = form.GetValueOrDefault("client_id");
        var secret = form.GetValueOrDefault("client_secret");
        var assertion = form.GetValueOrDefault("client_assertion");
        var proofs = (header.Count > 0 ? 1 : 0) + (secret is null ? 0 : 1) + (assertion is null ? 0 : 1);
        if (proofs > 1)
        {
            return ClientCheck.Refused(ClientCheck.TwoProofs);
        }

        if (header.Count > 0)
        {
            return BasicCredentials.TryRead(header, out var basic) && (clientId is null || clientId == basic.Id)
                ? await CheckSecretAsync(basic.Id, basic.Secret, cancellationToken)
                : ClientCheck.Refused("malformed");
        }

        if (assertion is not null)
        {
            return form.GetValueOrDefault("client_assertion_type") == ClientAssertion.Type
                ? await assertions.CheckAsync(assertion, clientId, cancellationToken)
                : ClientCheck.Refused("assertion_type");
        }

        return secret is not null && clientId is not null
            ? await CheckSecretAsync(clientId, secret, cancellationToken)
            : await CheckPublicAsync(clientId, cancellationToken);
    }

    private async Task<ClientCheck> CheckSecretAsync(string clientId, string secret, CancellationToken cancellationToken)
    {
        if (secret.Length > LongestSecret)
        {
            return ClientCheck.Refused("malformed");
        }

        if (clientId == GatewayClientOptions.Id)
        {
            return IsGatewaySecret(secret)
                ? new ClientCheck(AuthenticatedClient.Gateway)
                : ClientCheck.Refused("wrong_secret", AuthenticatedClient.Gateway);
        }

        if (await registered.FindAsync(clientId, cancellationToken) is not var (client, tenantIsOut))
        {
            return ClientCheck.Refused("unknown_client");
        }

        var known = AuthenticatedClient.Of(client);
        return !client.HasSecret(secret, time.GetUtcNow()) ? ClientCheck.Refused("wrong_secret", known)
            : client.DisabledAt is not null ? ClientCheck.Refused("disabled", known)
            : new ClientCheck(known) { TenantIsOut = tenantIsOut };
    }

    private async Task<ClientCheck> CheckPublicAsync(string? clientId, CancellationToken cancellationToken) =>
        clientId is not null && await registered.FindAsync(clientId, cancellationToken) is ({ Proof: ClientProof.None, DisabledAt: null } client, var tenantIsOut)
            ? new ClientCheck(AuthenticatedClient.Of(client)) { TenantIsOut = tenantIsOut }
            : ClientCheck.Refused("no_proof");

    // Hashed first: the comparison takes the same time for secrets of any length.
    private bool IsGatewaySecret(string secret) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(secret)),
        SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.Gateway.Secret)));

    private void Audit(AuthenticatedClient claimed, string reason)
    {
        var (action, type) = RefusedClients.NameOf(claimed.Device is not null);
        database.AddAudit(
            caller.Envelope(Actor.Anonymous, claimed.TenantId),
            action,
            type,
            claimed.Id,
            AuditResult.Denied,
            AuditSeverity.Warning,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
    }
}
