using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.ClientRegistration;

/// <summary>Changes and removes clients with what follows from it for their sessions and tokens, in one transaction.</summary>
internal sealed class ClientEnding(
    IdentityDb database, ClientChange change, RevocationLog revocations, RevocationReceipts receipts, TimeProvider time)
{
    /// <summary>False when somebody else changed it at the same time.</summary>
    public async Task<bool> UpdateAsync(Client client, UpdateClientRequest request, CancellationToken cancellationToken)
    {
        var before = ClientView.Of(client);
        request.ApplyTo(client);
        var ends = client.Disable(request.Disabled, time.GetInstant()) && request.Disabled;
        var envelope = change.Audit(ends ? "client.disabled" : "client.updated", client, before, ClientView.Of(client));
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return false;
        }

        var revocation = ends ? await EndAsync(client, envelope, cancellationToken) : null;
        await transaction.CommitAsync(cancellationToken);
        await AppliedAsync(revocation, cancellationToken);
        return true;
    }

    /// <summary>Removes it; its sessions, codes and consents go with it.</summary>
    public async Task DeleteAsync(Client client, CancellationToken cancellationToken)
    {
        var envelope = change.Audit("client.deleted", client, before: ClientView.Of(client));
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await database.Clients.Where(row => row.Id == client.Id).ExecuteDeleteAsync(cancellationToken);
        var revocation = await EndAsync(client, envelope, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await AppliedAsync(revocation, cancellationToken);
    }

    // By instant: the tokens of its users carry their epochs, not the client's.
    private async Task<Revocation> EndAsync(Client client, EventEnvelope cause, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        await database.Sessions.IgnoreQueryFilters()
            .Where(row => row.ClientId == client.Id && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        var revocation = await revocations.AddAsync(
            RevocationKind.Client, client.Id.ToString(), epoch: null, cutoff: now, cause, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        return revocation;
    }

    private async Task AppliedAsync(Revocation? revocation, CancellationToken cancellationToken)
    {
        if (revocation is not null)
        {
            revocations.Committed(revocation);
            await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        }
    }
}
