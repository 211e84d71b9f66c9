using ServiceDefaults.Contracts;

namespace IdentityService.Revocations;

/// <summary>A session or token ended before its time: the truth behind the Redis stream and the event.</summary>
internal sealed class Revocation
{
    /// <summary>Grows by one in the order of commits, without gaps.</summary>
    public long Sequence { get; init; }

    public RevocationKind Kind { get; init; }

    /// <summary>The id of what is revoked; never a token.</summary>
    public string Value { get; init; } = "";

    /// <summary>Tokens with a smaller epoch are refused; for subjects, clients and tenants.</summary>
    public long? Epoch { get; init; }

    /// <summary>UTC; tokens issued before are refused; always for the global kind, and for subjects, clients and tenants.</summary>
    public DateTimeOffset? Cutoff { get; init; }

    public Guid TenantId { get; init; }

    /// <summary>Who caused it, as in the audit log.</summary>
    public string Actor { get; init; } = "";

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; no token it covers lives longer.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The one row whose lock puts revocations in the order of their commits.</summary>
internal sealed class RevocationCounter
{
    public int Id { get; init; }

    /// <summary>The last one given.</summary>
    public long Sequence { get; init; }
}
