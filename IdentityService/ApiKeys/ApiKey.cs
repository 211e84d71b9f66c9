using ServiceDefaults.Data;

namespace IdentityService.ApiKeys;

/// <summary>A key by which a program acts for its owner, with a part of the owner's rights.</summary>
internal sealed class ApiKey : ITenantOwned
{
    /// <summary>Also the <c>sid</c> of the tokens it is exchanged for, so that revoking it ends them.</summary>
    public Guid Id { get; init; }

    /// <summary>The owner.</summary>
    public Guid UserId { get; init; }

    public Guid TenantId { get; init; }

    public string Name { get; init; } = "";

    /// <summary>Its first characters, to recognise it by.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>SHA-256 of the key; enough, since the key is 32 random bytes.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>The most it can do; the owner's own scopes limit it further.</summary>
    public string[] Scopes { get; init; } = [];

    /// <summary>Requests a minute; null for the gateway's usual limits only.</summary>
    public int? RateLimit { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>UTC; null while it is good.</summary>
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>UTC; up to a minute behind.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    /// <summary>Requests that came with it, see <see cref="ApiKeyUseConsumer"/>; up to a minute behind.</summary>
    public long UseCount { get; private set; }

    public bool LivesAt(DateTimeOffset now) => RevokedAt is null && now < ExpiresAt;

    /// <summary>Ends it; false when it had ended before.</summary>
    public bool Revoke(DateTimeOffset now)
    {
        if (RevokedAt is not null)
        {
            return false;
        }

        RevokedAt = now;
        return true;
    }
}
