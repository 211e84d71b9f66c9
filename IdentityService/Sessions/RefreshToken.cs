using ServiceDefaults.Data;

namespace IdentityService.Sessions;

/// <summary>A refresh token as the database knows it: its hash, its place in the family, whether it was used.</summary>
internal sealed class RefreshToken : ITenantOwned
{
    public Guid Id { get; init; }

    public Guid SessionId { get; init; }

    public Guid TenantId { get; init; }

    /// <summary>The token it succeeded, null for a session's first. Unique: no token has two successors.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>SHA-256 of the token; enough, since the token is 32 random bytes.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>UTC; when it was exchanged for its successor.</summary>
    public DateTimeOffset? UsedAt { get; private set; }

    /// <summary>Notes the exchange.</summary>
    public void Use(DateTimeOffset now) => UsedAt ??= now;
}
