using IdentityService.Data;
using IdentityService.Grouping;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Data;

namespace IdentityService.Clients;

/// <summary>A client as registered, read only.</summary>
/// <param name="Client">The client.</param>
/// <param name="TenantIsOut">Whether its tenant is disabled.</param>
internal sealed record RegisteredClient(Client Client, bool TenantIsOut);

/// <summary>Finds the clients that requests name, of many requests at once.</summary>
internal sealed class RegisteredClients
{
    private readonly IServiceScopeFactory _scopes;
    private readonly Grouped<Guid, RegisteredClient?> _group;

    public RegisteredClients(IServiceScopeFactory scopes) => (_scopes, _group) = (scopes, new(ReadAsync));

    /// <summary>Null where there is none of that id.</summary>
    public async Task<RegisteredClient?> FindAsync(string clientId, CancellationToken cancellationToken) =>
        Client.TryReadId(clientId, out var id) ? await _group.AskAsync(id, cancellationToken) : null;

    private async Task<IReadOnlyList<RegisteredClient?>> ReadAsync(IReadOnlyList<Guid> ids)
    {
        await using var scope = _scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var wanted = ids.Distinct().ToArray();
        var found = await database.Clients.AsNoTracking()
            .Where(row => wanted.Contains(row.Id))
            .Select(row => new { Client = row, TenantIsOut = database.Tenants.Any(tenant => tenant.Id == row.TenantId && tenant.DisabledAt != null) })
            .ToDictionaryAsync(static row => row.Client.Id, static row => new RegisteredClient(row.Client, row.TenantIsOut));
        return [.. ids.Select(id => found.GetValueOrDefault(id))];
    }
}
