using ServiceDefaults.Data;

namespace AuditService.Retention;

/// <summary>Keeps a tenant's records beyond their time, all or those of a subject or of a time, until it is released.</summary>
internal sealed class LegalHold : ITenantOwned
{
    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    /// <summary>Id of whom the records are by or about; null for everybody.</summary>
    public string? Subject { get; init; }

    /// <summary>Records from this instant on; null for the first.</summary>
    public DateTimeOffset? CoversFrom { get; init; }

    /// <summary>Records before this instant; null for all to come.</summary>
    public DateTimeOffset? CoversTo { get; init; }

    public required string Reason { get; init; }

    public required string PlacedBy { get; init; }

    public required DateTimeOffset PlacedAt { get; init; }

    public string? ReleasedBy { get; private set; }

    public DateTimeOffset? ReleasedAt { get; private set; }

    /// <summary>Gives back false when it was released before.</summary>
    public bool Release(string by, DateTimeOffset at)
    {
        if (ReleasedAt is not null)
        {
            return false;
        }

        (ReleasedBy, ReleasedAt) = (by, at);
        return true;
    }
}
