using Microsoft.AspNetCore.Identity;
using ServiceDefaults.Data;

namespace IdentityService.Accounts;

/// <summary>A person's account. User name and e-mail are unique on the whole platform: one signs in without naming a tenant.</summary>
internal sealed class User : IdentityUser<Guid>, ITenantOwned
{
    public Guid TenantId { get; init; }

    /// <summary>A name to show, chosen freely; null shows the user name.</summary>
    public string? DisplayName { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; null while the account may sign in.</summary>
    public DateTimeOffset? DisabledAt { get; private set; }

    /// <summary>Carried by every access token; raising it ends all tokens issued before.</summary>
    public long Epoch { get; private set; }

    /// <summary>A new account, not yet saved.</summary>
    public static User Create(string userName, string email, string? passwordHash, Guid tenantId, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        UserName = userName,
        Email = email,
        NormalizedUserName = LoginName.Normalize(userName),
        NormalizedEmail = LoginName.Normalize(email),
        PasswordHash = passwordHash,
        TenantId = tenantId,
        CreatedAt = now,
        LockoutEnabled = false, // SignInThrottle delays instead: for unknown names too, so that it tells nothing
    };

    /// <summary>Changes what the owner may change. A new address is unconfirmed again.</summary>
    public void Update(string email, string? displayName)
    {
        if (!string.Equals(email, Email, StringComparison.Ordinal))
        {
            Email = email;
            NormalizedEmail = LoginName.Normalize(email);
            EmailConfirmed = false;
        }

        DisplayName = displayName;
        ConcurrencyStamp = NewStamp();
    }

    /// <summary>Sets a new password; every access token issued before is refused from now on.</summary>
    public void ChangePassword(string passwordHash)
    {
        PasswordHash = passwordHash;
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
