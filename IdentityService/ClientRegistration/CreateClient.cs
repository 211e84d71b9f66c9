using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.ClientRegistration;

/// <summary>Registers an application in the caller's tenant.</summary>
internal static class CreateClient
{
    public static async Task<Results<Created<ClientWithSecret>, ProblemHttpResult>> HandleAsync(
        CreateClientRequest request, ClientRules rules, ClientChange change, HttpResponse response, CancellationToken cancellationToken)
    {
        var proof = request.Authentication switch
        {
            "none" => ClientProof.None,
            "secret" => ClientProof.Secret,
            _ => ClientProof.PrivateKey,
        };
        if (rules.FaultsOf(request, proof) is { Count: > 0 } faults)
        {
            return Problem.Validation(faults);
        }

        var (client, secret) = await change.AddAsync(request, proof, cancellationToken);
        response.Headers.ETag = ClientProblems.TagOf(client);
        return TypedResults.Created($"{ClientEndpoints.Path}/{client.Id}", new ClientWithSecret(ClientView.Of(client), secret));
    }
}

/// <summary>Makes clients, and records what becomes of them.</summary>
internal sealed class ClientChange(IdentityDb database, Caller caller, TimeProvider time)
{
    public async Task<(Client Client, string? Secret)> AddAsync(
        CreateClientRequest request, ClientProof proof, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        var client = new Client { Id = Guid.CreateVersion7(now), TenantId = caller.TenantId, Proof = proof, CreatedAt = now };
        request.ApplyTo(client);
        var secret = proof == ClientProof.Secret ? client.NewSecret(now, TimeSpan.Zero) : null;
        database.Clients.Add(client);
        Audit("client.created", client, before: null, ClientView.Of(client));
        await database.SaveChangesAsync(cancellationToken);
        return (client, secret);
    }

    /// <summary>Adds a record; it leaves with the next save.</summary>
    public EventEnvelope Audit(string action, Client client, ClientView? before = null, ClientView? after = null)
    {
        var envelope = caller.Envelope();
        database.AddAudit(envelope, action, "client", client.Id.ToString(), severity: AuditSeverity.Notice, before: before, after: after);
        return envelope;
    }
}
