using IdentityService.Names;
using Microsoft.AspNetCore.Identity;
using ServiceDefaults.Data;

namespace IdentityService.Accounts;

/// <summary>A person's account. User names and proved addresses are unique on the whole platform: one signs in without naming a tenant.</summary>
internal sealed class User : IdentityUser<Guid>, ITenantOwned
{
    public Guid TenantId { get; init; }

    /// <summary>A name to show, chosen freely; null shows the user name.</summary>
    public string? DisplayName { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; null while the account may sign in.</summary>
    public DateTimeOffset? DisabledAt { get; private set; }

    /// <summary>UTC; from then on the row only keeps the name from being taken, and nothing of the person.</summary>
    public DateTimeOffset? DeletedAt { get; private set; }

    /// <summary>The password, though right, no longer lets in: a new one is to be set by way of a mail.</summary>
    public bool MustResetPassword { get; private set; }

    /// <summary>Unique, also after the account is deleted: <see cref="UserNames.NameKeyOf"/>.</summary>
    public byte[] NameKey { get; init; } = [];

    /// <summary>Unique as well: <see cref="UserNames.LookKeyOf"/>.</summary>
    public byte[] LookKey { get; init; } = [];

    /// <summary>Carried by every access token; raising it ends all tokens issued before.</summary>
    public long Epoch { get; private set; }

    /// <summary>A new account, not yet saved.</summary>
    public static User Create(string userName, string email, string? passwordHash, Guid tenantId, DateTimeOffset now) =>
        New(UserNames.Read(userName) ?? throw new ArgumentException("It is no user name.", nameof(userName)), email, passwordHash, tenantId, now);

    private static User New(string userName, string email, string? passwordHash, Guid tenantId, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        UserName = userName,
        Email = email,
        NormalizedUserName = LoginName.Normalize(userName),
        NameKey = UserNames.NameKeyOf(userName),
        LookKey = UserNames.LookKeyOf(userName),
        NormalizedEmail = LoginName.Normalize(email),
        PasswordHash = passwordHash,
        TenantId = tenantId,
        CreatedAt = now,
        LockoutEnabled = false, // SignInThrottle delays instead: for unknown names too, so that it tells nothing
    };

    /// <summary>Changes what the owner may change at once; an address has to be proved first.</summary>
    public void Update(string? displayName)
    {
        DisplayName = displayName;
        ConcurrencyStamp = NewStamp();
    }

    /// <summary>Takes over an address whose mail the owner has read.</summary>
    public void ConfirmEmail(string email)
    {
        Email = email;
        NormalizedEmail = LoginName.Normalize(email);
        EmailConfirmed = true;
        ConcurrencyStamp = NewStamp();
    }

    /// <summary>Keeps it from signing in; false when it was kept before. The caller ends its sessions.</summary>
    public bool Disable(DateTimeOffset now)
    {
        if (DisabledAt is not null)
        {
            return false;
        }

        DisabledAt = now;
        EndAllTokens();
        return true;
    }

    /// <summary>Lets it sign in again; false when it could.</summary>
    public bool Enable()
    {
        if (DisabledAt is null)
        {
            return false;
        }

        DisabledAt = null;
        ConcurrencyStamp = NewStamp();
        return true;
    }

    /// <summary>From now on only a new password lets in. The caller ends its sessions and sends the mail.</summary>
    public void RequireNewPassword()
    {
        MustResetPassword = true;
        EndAllTokens();
    }

    /// <summary>Notes that something around it has changed that its version covers: its roles.</summary>
    public void Changed() => ConcurrencyStamp = NewStamp();

    /// <summary>
    /// Erases the person. What replaces the names holds a colon, which no name has; the key of the name stays, and keeps
    /// others from passing for whom the audit log still names.
    /// </summary>
    public void Delete(DateTimeOffset now)
    {
        DeletedAt = now;
        DisabledAt ??= now;
        UserName = $"deleted:{Id}";
        NormalizedUserName = UserName;
        Email = UserName;
        NormalizedEmail = UserName;
        EmailConfirmed = false;
        DisplayName = null;
        PasswordHash = null;
        PhoneNumber = null;
        SecurityStamp = NewStamp();
        EndAllTokens();
    }

    /// <summary>Sets a new password; every access token issued before is refused from now on.</summary>
    public void ChangePassword(string passwordHash)
    {
        PasswordHash = passwordHash;
        MustResetPassword = false;
        SecurityStamp = NewStamp();
        ConcurrencyStamp = NewStamp();
        Epoch++;
    }

    /// <summary>From now on, or no longer, the password alone does not sign in.</summary>
    public void UseSecondFactor(bool enabled)
    {
        TwoFactorEnabled = enabled;
        ConcurrencyStamp = NewStamp();
    }

    /// <summary>Refuses every access token issued before; the caller ends the sessions.</summary>
    public void EndAllTokens()
    {
        Epoch++;
        ConcurrencyStamp = NewStamp();
    }

    private static string NewStamp() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
}
