using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Clients;
using IdentityService.Revocations;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Data;

/// <summary>Tables of clients and of what they get.</summary>
internal static class OAuthMapping
{
    private const int LongestUri = 2000;

    public static void MapClients(this ModelBuilder builder)
    {
        builder.Entity<Client>(client =>
        {
            client.ToTable("clients");
            client.Property(row => row.Id).ValueGeneratedNever();
            client.Property(row => row.Name).HasMaxLength(100);
            client.Property(row => row.Proof).HasConversion<string>().HasMaxLength(16);
            client.Property(row => row.BackChannelLogoutUri).HasMaxLength(LongestUri);
            client.Property(row => row.Version).IsConcurrencyToken();
            client.HasIndex(row => new { row.TenantId, row.CreatedAt, row.Id });
            client.HasOne<Tenant>().WithMany().HasForeignKey(row => row.TenantId).OnDelete(DeleteBehavior.Restrict);
        });

        // Introspection looks for revocations of a token by their values.
        builder.Entity<Revocation>().HasIndex(row => row.Value);
    }

    public static void MapApiKeys(this ModelBuilder builder) => builder.Entity<ApiKey>(key =>
    {
        key.ToTable("api_keys");
        key.Property(row => row.Id).ValueGeneratedNever();
        key.Property(row => row.Name).HasMaxLength(100);
        key.Property(row => row.Prefix).HasMaxLength(16);
        key.HasIndex(row => row.Hash).IsUnique();
        key.HasIndex(row => new { row.UserId, row.CreatedAt, row.Id });
        key.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
    });
}
