using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Authorization;
using IdentityService.Clients;
using IdentityService.DeviceGrants;
using IdentityService.Revocations;
using IdentityService.Sessions;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Data;

/// <summary>Tables of clients and of what they get.</summary>
internal static class OAuthMapping
{
    public const string UniqueUserCode = "ix_device_grants_user_code";

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

    public static void MapGrants(this ModelBuilder builder)
    {
        builder.Entity<Session>(session =>
        {
            session.HasOne<Client>().WithMany().HasForeignKey(row => row.ClientId).OnDelete(DeleteBehavior.Cascade);
            session.HasIndex(row => row.CookieHash).IsUnique();
            session.HasIndex(row => row.ParentId);
            session.HasIndex(row => row.NoticeDueAt).HasFilter("notice_due_at IS NOT NULL AND revoked_at IS NOT NULL");
        });
        builder.Entity<AuthorizationRequest>(request =>
        {
            request.ToTable("authorization_requests");
            request.HasKey(row => row.Hash);
            request.Property(row => row.Parameters).HasColumnType("text");
            request.HasIndex(row => row.ExpiresAt);
            request.HasOne<Client>().WithMany().HasForeignKey(row => row.ClientId);
        });
        builder.Entity<Consent>(consent =>
        {
            consent.ToTable("consents");
            consent.HasKey(row => new { row.UserId, row.ClientId });
            consent.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
            consent.HasOne<Client>().WithMany().HasForeignKey(row => row.ClientId);
        });
        builder.Entity<AuthorizationCode>(code =>
        {
            code.ToTable("authorization_codes");
            code.HasKey(row => row.Hash);
            code.HasIndex(row => row.ExpiresAt);
            code.HasOne<Client>().WithMany().HasForeignKey(row => row.ClientId);
        });
        builder.Entity<DeviceGrant>(grant =>
        {
            grant.ToTable("device_grants");
            grant.Property(row => row.Id).ValueGeneratedNever();
            grant.Property(row => row.UserCode).HasMaxLength(8);
            grant.Property(row => row.Status).HasConversion<string>().HasMaxLength(16);
            grant.HasIndex(row => row.DeviceCodeHash).IsUnique();
            grant.HasIndex(row => row.UserCode).IsUnique().HasDatabaseName(UniqueUserCode);
            grant.HasIndex(row => row.ExpiresAt);
            grant.HasOne<Client>().WithMany().HasForeignKey(row => row.ClientId);
        });
    }
}
