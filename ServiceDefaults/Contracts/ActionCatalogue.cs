using System.Collections.Frozen;
using static ServiceDefaults.Contracts.AuditSeverity;

namespace ServiceDefaults.Contracts;

/// <summary>
/// Every action of the platform with its severities, the one place where they stand: the outbox takes no record of another
/// action or severity, and the audit service shows and groups its log by them. A record with another action, of a newer
/// service, is kept there and marked <c>action:unknown</c>.
/// </summary>
public static class ActionCatalogue
{
    private const string Gateway = "gateway";
    private const string Audit = "audit";
    private const string Device = "device";
    private const string Notification = "notification";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<AuditAction> All =
    [
        new("api.request", ActionCategory.Request, Gateway, "a request came to an end at the gateway", Info, Notice, Warning),
        new("audit.read", ActionCategory.LogAccess, Audit, "somebody read or counted records of others", Info),
        new("audit.exported", ActionCategory.LogAccess, Audit, "somebody took records of others away as a whole", Notice),
        new("audit.reported", ActionCategory.LogAccess, Audit, "somebody had a compliance report made", Notice),
        new("audit.integrity_violated", ActionCategory.Integrity, Audit, "the log is not the one that was signed", Critical),
        new("audit.gap_found", ActionCategory.Integrity, Audit, "requests that a gateway counted are not in the log", Critical),
        new("audit.gap_closed", ActionCategory.Integrity, Audit, "they are, after all", Notice),
        new("audit.partition_dropped", ActionCategory.Retention, Audit, "the time of a day's records was over", Notice),
        new("audit.hold_placed", ActionCategory.Retention, Audit, "records are kept beyond their time for a legal case", Warning),
        new("audit.hold_released", ActionCategory.Retention, Audit, "they no longer are", Warning),
        new("audit.subject_erased", ActionCategory.Retention, Audit, "what is personal was taken out of somebody's records", Warning),
        new("dead_letter.read", ActionCategory.Operation, Audit, "an administrator looked at messages that consumers gave up", Info),
        new("dead_letter.replayed", ActionCategory.Operation, Audit, "an administrator put such a message into its queue again", Notice),
        new("dead_letter.discarded", ActionCategory.Operation, Audit, "an administrator decided that nobody will handle it", Warning),
        .. IdentityActions.All,
        new("enrollment_token.created", ActionCategory.Device, Device, "devices can enrol with another token", Notice),
        new("enrollment_token.revoked", ActionCategory.Device, Device, "they no longer can", Notice),
        new("device.enrolled", ActionCategory.Device, Device, "a device was enrolled", Notice),
        new("device.approved", ActionCategory.Device, Device, "a device was approved", Notice),
        new("device.rejected", ActionCategory.Device, Device, "a device was rejected", Notice),
        new("device.key_rotated", ActionCategory.Key, Device, "a device has another key", Notice),
        new("device.decommissioned", ActionCategory.Device, Device, "a device is out of service for good", Notice),
        new("device.enrollment_denied", ActionCategory.Device, Device, "a device was not let in", Warning),
        new("device.updated", ActionCategory.Device, Device, "a device's description was changed", Info),
        new("device.online", ActionCategory.Device, Device, "a device answers again", Info),
        new("device.late", ActionCategory.Device, Device, "a heartbeat is late", Info),
        new("device.offline", ActionCategory.Device, Device, "a device does not answer", Warning),
        new("notification.sent", ActionCategory.Notification, Notification, "a mail was taken by the mail server", Info),
        new("notification.failed", ActionCategory.Notification, Notification, "a mail was given up", Warning),
        new("notification.retried", ActionCategory.Notification, Notification, "an administrator had a mail sent again", Notice),
        new("notification.cancelled", ActionCategory.Notification, Notification, "an administrator cancelled a mail", Notice),
    ];

    private static readonly FrozenDictionary<string, AuditAction> ByName = All.ToFrozenDictionary(action => action.Name, StringComparer.Ordinal);

    /// <summary>The action of that name; null for one that this build does not know.</summary>
    public static AuditAction? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Holds a record that is about to be written against the catalogue.</summary>
    /// <exception cref="InvalidOperationException">It has no such action, or not with that severity.</exception>
    public static void Require(AuditRecorded record)
    {
        var action = Find(record.Action)
            ?? throw new InvalidOperationException($"The catalogue of actions has no '{record.Action}'.");
        if (!action.Severities.Contains(record.Severity))
        {
            throw new InvalidOperationException(
                $"The catalogue of actions has '{action.Name}' with severity {string.Join(" or ", action.Severities)}, not {record.Severity}.");
        }
    }

    /// <summary>Names of a category's actions.</summary>
    public static string[] Of(string category) => [.. All.Where(action => action.Category == category).Select(action => action.Name)];
}
