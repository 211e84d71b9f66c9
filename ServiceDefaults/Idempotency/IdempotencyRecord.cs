using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Data;

namespace ServiceDefaults.Idempotency;

/// <summary>
/// A request that was done under a key, and what was answered. Committed with what the request created, or not at all.
/// Neither the key nor the request is in it: who has the row alone learns nothing of them.
/// </summary>
public sealed class IdempotencyRecord : ITenantOwned
{
    /// <summary>The first 16 octets of SHA-256 over tenant, caller, client, route and key.</summary>
    public Guid Id { get; init; }

    /// <inheritdoc />
    public Guid TenantId { get; init; }

    /// <summary>Method and route pattern.</summary>
    public required string Route { get; init; }

    /// <summary>Tells this request from another with the same key; derived from key and request.</summary>
    public required byte[] Fingerprint { get; init; }

    /// <summary>Status, headers and body, sealed with a key that is derived from the client's key and the request.</summary>
    public required byte[] Answer { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; from then on the key is a new one.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The table in a service's own database.</summary>
public static class IdempotencyModel
{
    internal const string Table = "idempotency_keys";

    /// <summary>Adds the table to the model of a service that calls <see cref="IdempotencySetup.AddIdempotency"/>.</summary>
    public static ModelBuilder AddIdempotency(this ModelBuilder builder) =>
        builder.Entity<IdempotencyRecord>(record =>
        {
            record.ToTable(Table);
            record.Property(row => row.Id).ValueGeneratedNever();
            record.Property(row => row.Route).HasMaxLength(200);
            record.HasIndex(row => row.ExpiresAt);
        });
}
