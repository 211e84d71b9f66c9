using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace IdentityService.Accounts;

/// <summary>The account everything begins with.</summary>
internal static class Administrator
{
    /// <summary>
    /// Makes it at the first start. While any platform administrator exists, nothing is done: neither a renamed account
    /// comes back nor a changed password is undone.
    /// </summary>
    public static async Task SeedAsync(IServiceProvider services, IdentityDb database, CancellationToken cancellationToken)
    {
        var roles = Role.Seeded.Where(role => role.Name is Role.Admin or Role.PlatformAdmin).ToList();
        var platform = roles.Single(role => role.Name == Role.PlatformAdmin).Id;
        if (await database.UserRoles.AnyAsync(row => row.RoleId == platform, cancellationToken))
        {
            return;
        }

        var options = services.GetRequiredService<IOptions<AdministratorOptions>>().Value;
        var now = services.GetRequiredService<TimeProvider>().GetInstant();
        var hash = await services.GetRequiredService<PasswordHashing>().HashAsync(options.Password, cancellationToken);
        var user = User.Create(options.UserName, options.Email, hash, Tenants.Default, now);
        user.ConfirmEmail(options.Email); // whoever sets it up answers for it
        database.UserRoles.AddRange(roles.Select(role => new IdentityUserRole<Guid> { UserId = user.Id, RoleId = role.Id }));
        database.AddAudit(
            new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("identity"), null, null, null, null),
            "user.registered",
            "user",
            user.Id.ToString(),
            severity: AuditSeverity.Notice,
            after: new { username = user.UserName, user.Email, roles = roles.Select(role => role.Name) });
        await services.GetRequiredService<UserManager<User>>().CreateAsync(user);
    }
}
