namespace AuditService.Recording;

/// <summary>The actions that this service writes itself; <see cref="ServiceDefaults.Contracts.ActionCatalogue"/> has all.</summary>
internal static class AuditActions
{
    /// <summary>A request at the gateway.</summary>
    public const string ApiRequest = "api.request";

    /// <summary>Somebody read other people's records.</summary>
    public const string AuditRead = "audit.read";

    /// <summary>Somebody took records of others away.</summary>
    public const string Exported = "audit.exported";

    /// <summary>A compliance report was made.</summary>
    public const string Reported = "audit.reported";

    /// <summary>The log was changed by somebody else than this service.</summary>
    public const string IntegrityViolated = "audit.integrity_violated";

    /// <summary>The time of a partition was over.</summary>
    public const string PartitionDropped = "audit.partition_dropped";

    /// <summary>Records are kept beyond their time from now on.</summary>
    public const string HoldPlaced = "audit.hold_placed";

    /// <summary>What is personal was taken out of somebody's records.</summary>
    public const string SubjectErased = "audit.subject_erased";

    /// <summary>They no longer are.</summary>
    public const string HoldReleased = "audit.hold_released";

    /// <summary>Requests that a gateway counted are not in the log.</summary>
    public const string GapFound = "audit.gap_found";

    /// <summary>They are, after all.</summary>
    public const string GapClosed = "audit.gap_closed";

    /// <summary>An administrator of the platform looked at messages that consumers gave up.</summary>
    public const string DeadLetterRead = "dead_letter.read";

    /// <summary>One of them is in its queue again.</summary>
    public const string DeadLetterReplayed = "dead_letter.replayed";

    /// <summary>Nobody will handle it.</summary>
    public const string DeadLetterDiscarded = "dead_letter.discarded";
}
