using IdentityService.AccountMail;
using IdentityService.Accounts;
using IdentityService.ApiKeys;
using IdentityService.Authorization;
using IdentityService.Clients;
using IdentityService.DeviceGrants;
using IdentityService.Keys;
using IdentityService.Revocations;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Options;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;
using ServiceDefaults.Messaging;

namespace IdentityService.Data;

/// <summary>The service's database: ASP.NET Core Identity's tables and its own.</summary>
internal sealed class IdentityDb(DbContextOptions<IdentityDb> options, TenantScope tenants, IOptions<RegistrationOptions> registration)
    : IdentityDbContext<User, Role, Guid>(options)
{
    public DbSet<Tenant> Tenants => Set<Tenant>();

    public DbSet<FailedSignIns> FailedSignIns => Set<FailedSignIns>();

    public DbSet<AccountLink> AccountLinks => Set<AccountLink>();

    public DbSet<MailRequest> MailRequests => Set<MailRequest>();

    public DbSet<MailQuota> MailQuotas => Set<MailQuota>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<DeviceClient> DeviceClients => Set<DeviceClient>();

    public DbSet<Client> Clients => Set<Client>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<AuthorizationRequest> AuthorizationRequests => Set<AuthorizationRequest>();

    public DbSet<AuthorizationCode> AuthorizationCodes => Set<AuthorizationCode>();

    public DbSet<Consent> Consents => Set<Consent>();

    public DbSet<DeviceGrant> DeviceGrants => Set<DeviceGrant>();

    public DbSet<UsedAssertion> UsedAssertions => Set<UsedAssertion>();

    public DbSet<Authenticator> Authenticators => Set<Authenticator>();

    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();

    public DbSet<UsedChallenge> UsedChallenges => Set<UsedChallenge>();

    public DbSet<Revocation> Revocations => Set<Revocation>();

    public DbSet<RevocationCounter> RevocationCounters => Set<RevocationCounter>();

    /// <summary>Of the roles assigned to a user those that count now: none, where an unproved address allows none.</summary>
    public IReadOnlyList<string> UsableRoles(User user, IReadOnlyList<string> assigned) =>
        registration.Value.Unverified == UnverifiedAccess.Everything || user.EmailConfirmed ? assigned : [];

    /// <summary>Names of the roles that a user may use now, sorted: none, where an unproved address allows none.</summary>
    public async Task<IReadOnlyList<string>> RolesOfAsync(Guid userId, CancellationToken cancellationToken) =>
        registration.Value.Unverified == UnverifiedAccess.Everything
        || await Users.IgnoreQueryFilters().AnyAsync(row => row.Id == userId && row.EmailConfirmed, cancellationToken)
            ? await AssignedRolesOfAsync(userId, cancellationToken)
            : [];

    /// <summary>Whether the people, devices and applications of a tenant are kept out.</summary>
    public Task<bool> IsTenantOutAsync(Guid tenantId, CancellationToken cancellationToken) =>
        Tenants.AnyAsync(row => row.Id == tenantId && row.DisabledAt != null, cancellationToken);

    /// <summary>Names of a user's roles, sorted.</summary>
    public async Task<IReadOnlyList<string>> AssignedRolesOfAsync(Guid userId, CancellationToken cancellationToken) =>
        await UserRoles
            .Where(row => row.UserId == userId)
            .Join(Roles, row => row.RoleId, role => role.Id, (_, role) => role.Name!)
            .OrderBy(name => name)
            .ToListAsync(cancellationToken);

    /// <summary>What of the warnings is none here; part of the options, which are made once.</summary>
    public static void Configure(DbContextOptionsBuilder options) =>
        options.ConfigureWarnings(static warnings => warnings
            // A name that is taken is no error of ours; what nobody expects is logged where it is handled.
            .Log((CoreEventId.SaveChangesFailed, LogLevel.Debug), (RelationalEventId.CommandError, LogLevel.Debug))
            // Tables of a user's parts are only ever read for a user that the filter has let through.
            .Ignore(CoreEventId.PossibleIncorrectRequiredNavigationWithQueryFilterInteractionWarning));

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.MapAccounts();
        builder.MapAccountMail();
        builder.MapSessions();
        builder.MapKeysAndClients();
        builder.MapRevocations();
        builder.MapClients();
        builder.MapApiKeys();
        builder.MapGrants();
        builder.MapSecondFactors();
        builder.AddMessaging();
        builder.AddIdempotency();
        builder.Entity<User>().HasQueryFilter(row => row.DeletedAt == null && (tenants.SeesAll || row.TenantId == tenants.TenantId));
        builder.Entity<Session>().HasQueryFilter(row => tenants.SeesAll || row.TenantId == tenants.TenantId);
        builder.Entity<RefreshToken>().HasQueryFilter(row => tenants.SeesAll || row.TenantId == tenants.TenantId);
        builder.Entity<DeviceClient>().HasQueryFilter(row => tenants.SeesAll || row.TenantId == tenants.TenantId);
        builder.Entity<Client>().HasQueryFilter(row => tenants.SeesAll || row.TenantId == tenants.TenantId);
        builder.Entity<ApiKey>().HasQueryFilter(row => tenants.SeesAll || row.TenantId == tenants.TenantId);
        builder.Entity<IdempotencyRecord>().HasQueryFilter(row => tenants.SeesAll || row.TenantId == tenants.TenantId);
        builder.UseSnakeCaseNames();
    }
}
