using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests.Support;

/// <summary>Another replica of the shared service, which waits but a moment for a key that is in use.</summary>
public sealed class SecondReplica(IdentityApi api) : IAsyncLifetime
{
    /// <summary>Row of a key that had expired before this replica started.</summary>
    internal Guid Expired { get; } = Guid.CreateVersion7();

    internal IdentityHost Host { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO idempotency_keys (id, tenant_id, route, fingerprint, answer, created_at, expires_at)
            VALUES ({Expired}, {Guid.Empty}, 'POST /', '', '', now() - interval '2 days', now() - interval '1 day')
            """));
        Host = IdentityHost.Start(api.Backing, services: IdentityHost.FastHashes, settings: ("Idempotency:LongestWait", "00:00:00.200"));
        Http = Host.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
    }
}
