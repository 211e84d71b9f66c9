using IdentityService.AccountMail;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Keys;
using IdentityService.Revocations;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Data;

/// <summary>Tables, lengths and indexes.</summary>
internal static class IdentityMapping
{
    public const string UniqueUserName = "ix_users_normalized_user_name";
    public const string UniqueEmail = "ix_users_normalized_email";
    public const string UniqueNameKey = "ix_users_name_key";
    public const string UniqueLookKey = "ix_users_look_key";
    public const string UniqueTenantName = "ix_tenants_name";
    public const string UsedAssertionKey = "pk_used_assertions";

    /// <summary>What no two accounts have.</summary>
    public static readonly string[] UniqueNames = [UniqueUserName, UniqueNameKey, UniqueLookKey];

    private static readonly DateTimeOffset Beginning = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void MapAccounts(this ModelBuilder builder)
    {
        builder.Entity<Tenant>(tenant =>
        {
            tenant.ToTable("tenants");
            tenant.Property(row => row.Name).HasMaxLength(100);
            tenant.Property(row => row.Version).IsConcurrencyToken();
            tenant.HasIndex(row => row.Name).IsUnique().HasDatabaseName(UniqueTenantName);
            tenant.HasIndex(row => new { row.CreatedAt, row.Id });
            tenant.HasData(new Tenant { Id = ServiceDefaults.Contracts.Tenants.Default, Name = "default", CreatedAt = Beginning });
        });
        builder.Entity<User>(user =>
        {
            user.ToTable("users");
            user.Property(row => row.DisplayName).HasMaxLength(100);
            user.Property(row => row.UserName).IsRequired();
            user.Property(row => row.NormalizedUserName).IsRequired();
            user.Property(row => row.Email).IsRequired();
            user.Property(row => row.NormalizedEmail).IsRequired();
            user.HasIndex(row => row.NormalizedUserName).IsUnique().HasDatabaseName(UniqueUserName);
            user.HasIndex(row => row.NormalizedEmail).IsUnique().HasDatabaseName(UniqueEmail).HasFilter("email_confirmed");
            user.HasIndex(row => row.NameKey).IsUnique().HasDatabaseName(UniqueNameKey);
            user.HasIndex(row => row.LookKey).IsUnique().HasDatabaseName(UniqueLookKey);

            // Lists: newest first, of a tenant or of all; those kept out, who are few; the beginnings of names and addresses.
            user.HasIndex(row => new { row.TenantId, row.CreatedAt, row.Id });
            user.HasIndex(row => new { row.CreatedAt, row.Id });
            user.HasIndex(row => new { row.CreatedAt, row.Id }, "ix_users_disabled").HasFilter("disabled_at IS NOT NULL AND deleted_at IS NULL");
            user.HasIndex(row => row.NormalizedUserName, "ix_users_name_beginning").HasOperators("text_pattern_ops");
            user.HasIndex(row => row.NormalizedEmail, "ix_users_email_beginning").HasOperators("text_pattern_ops");
            user.HasIndex(row => row.DeletedAt).HasFilter("deleted_at IS NOT NULL");
            user.HasOne<Tenant>().WithMany().HasForeignKey(row => row.TenantId).OnDelete(DeleteBehavior.Restrict);
        });
        builder.Entity<Role>(role =>
        {
            role.ToTable("roles");
            role.HasData(Role.Seeded);
        });
        builder.Entity<IdentityUserRole<Guid>>().ToTable("user_roles");
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("user_claims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("user_logins");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("user_tokens");
        builder.Entity<IdentityRoleClaim<Guid>>().ToTable("role_claims");
        builder.Entity<FailedSignIns>(failed =>
        {
            failed.ToTable("failed_sign_ins");
            failed.HasKey(row => row.Key);
            failed.Property(row => row.Key).HasMaxLength(80);
            failed.HasIndex(row => row.LastFailureAt);
        });
    }

    public static void MapAccountMail(this ModelBuilder builder)
    {
        builder.Entity<AccountLink>(link =>
        {
            link.ToTable("account_links");
            link.HasKey(row => new { row.UserId, row.Purpose });
            link.Property(row => row.Purpose).HasConversion<string>().HasMaxLength(16);
            link.Property(row => row.Email).HasMaxLength(LoginName.Longest);
            link.HasIndex(row => row.Hash).IsUnique();
            link.HasIndex(row => row.ExpiresAt);
            link.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        builder.Entity<MailRequest>(request =>
        {
            request.ToTable("mail_requests");
            request.Property(row => row.Kind).HasConversion<string>().HasMaxLength(16);
            request.Property(row => row.NormalizedEmail).HasMaxLength(LoginName.Longest);
            request.Property(row => row.Address).HasMaxLength(64);
            request.Property(row => row.UserAgent).HasMaxLength(512);
            request.Property(row => row.TraceId).HasMaxLength(32);
        });
        builder.Entity<MailQuota>(quota =>
        {
            quota.ToTable("mail_quotas");
            quota.HasKey(row => row.Key);
            quota.Property(row => row.Key).HasMaxLength(80);
            quota.HasIndex(row => row.BeganAt);
        });
    }

    public static void MapSessions(this ModelBuilder builder)
    {
        builder.Entity<Session>(session =>
        {
            session.ToTable("sessions");
            session.Property(row => row.Address).HasMaxLength(64);
            session.Property(row => row.UserAgent).HasMaxLength(512);
            session.HasIndex(row => new { row.UserId, row.CreatedAt });
            session.HasIndex(row => row.ExpiresAt).HasFilter("revoked_at IS NULL");
            session.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        builder.Entity<RefreshToken>(token =>
        {
            token.ToTable("refresh_tokens");
            token.HasIndex(row => row.Hash).IsUnique();
            token.HasIndex(row => row.ParentId).IsUnique();
            token.HasIndex(row => row.SessionId);
            token.HasIndex(row => row.ExpiresAt);
            token.HasOne<Session>().WithMany().HasForeignKey(row => row.SessionId);
        });
    }

    public static void MapKeysAndClients(this ModelBuilder builder)
    {
        builder.Entity<SigningKey>(key =>
        {
            key.ToTable("signing_keys");
            key.HasKey(row => row.KeyId);
            key.Property(row => row.KeyId).HasMaxLength(43);
            key.Property(row => row.PublicJwk).HasColumnType("text");
        });
        builder.Entity<DeviceClient>(client =>
        {
            client.ToTable("device_clients");
            client.Property(row => row.Id).ValueGeneratedNever();
            client.Property(row => row.Name).HasMaxLength(200);
            client.Property(row => row.KeyThumbprint).HasMaxLength(43);
        });
        builder.Entity<UsedAssertion>(assertion =>
        {
            assertion.ToTable("used_assertions");
            assertion.HasKey(row => new { row.ClientId, row.TokenIdHash }).HasName(UsedAssertionKey);
            assertion.HasIndex(row => row.ExpiresAt);
        });
    }

    public static void MapRevocations(this ModelBuilder builder)
    {
        builder.Entity<Revocation>(revocation =>
        {
            revocation.ToTable("revocations");
            revocation.HasKey(row => row.Sequence);
            revocation.Property(row => row.Sequence).ValueGeneratedNever();
            revocation.Property(row => row.Kind).HasConversion<string>().HasMaxLength(16);
            revocation.Property(row => row.Value).HasMaxLength(200);
            revocation.Property(row => row.Actor).HasMaxLength(200);
            revocation.HasIndex(row => row.ExpiresAt);
        });
        builder.Entity<RevocationCounter>(counter =>
        {
            counter.ToTable("revocation_counter");
            counter.Property(row => row.Id).ValueGeneratedNever();
            counter.HasData(new RevocationCounter { Id = 1, Sequence = 0 });
        });
    }
}
