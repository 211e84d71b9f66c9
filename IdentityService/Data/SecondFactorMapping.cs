using IdentityService.Accounts;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Data;

/// <summary>Tables of what users have beside a password.</summary>
internal static class SecondFactorMapping
{
    public const string UsedChallengeKey = "pk_used_challenges";
    public const string AuthenticatorKey = "pk_authenticators";
    public const string PasskeyKey = "pk_user_passkeys";

    public static void MapSecondFactors(this ModelBuilder builder)
    {
        // Sessions from before there was another way in.
        builder.Entity<Session>().Property(row => row.Methods).HasDefaultValueSql("'{pwd}'::text[]");
        builder.Entity<Authenticator>(authenticator =>
        {
            authenticator.ToTable("authenticators");
            authenticator.HasKey(row => row.UserId).HasName(AuthenticatorKey);
            authenticator.Property(row => row.UserId).ValueGeneratedNever();
            authenticator.HasOne<User>().WithOne().HasForeignKey<Authenticator>(row => row.UserId);
        });
        builder.Entity<RecoveryCode>(code =>
        {
            code.ToTable("recovery_codes");
            code.HasKey(row => new { row.UserId, row.Hash });
            code.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        builder.Entity<UsedChallenge>(challenge =>
        {
            challenge.ToTable("used_challenges");
            challenge.HasKey(row => row.Hash).HasName(UsedChallengeKey);
            challenge.HasIndex(row => row.ExpiresAt);
        });

        // As in version 3 of ASP.NET Core Identity's own schema, of which nothing else is wanted.
        builder.Entity<IdentityUserPasskey<Guid>>(passkey =>
        {
            passkey.ToTable("user_passkeys");
            passkey.HasKey(row => row.CredentialId).HasName(PasskeyKey);
            passkey.OwnsOne(row => row.Data).ToJson("data");
            passkey.Property(row => row.CredentialId).HasMaxLength(1024);
            passkey.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
    }
}
