using AuditService.Completeness;
using AuditService.Evidence.Verifying;
using AuditService.Reading;
using AuditService.Retention;

namespace AuditService.Compliance;

/// <summary>What an auditor of access control and logging asks a log for, about some days of one tenant or of all.</summary>
/// <param name="Log">Name of the log, as in its checkpoints.</param>
/// <param name="TenantId">Whose; null for all tenants.</param>
/// <param name="From">First day, UTC.</param>
/// <param name="To">Last day, UTC.</param>
/// <param name="MadeAt">UTC.</param>
/// <param name="MadeBy">Subject of the one who asked.</param>
/// <param name="Records">Records of these days.</param>
/// <param name="Sections">What happened, by subject.</param>
/// <param name="Retention">How long records are kept, and what keeps them longer.</param>
/// <param name="Integrity">Whether the log is the one that was signed.</param>
/// <param name="Completeness">Whether every request is in it.</param>
internal sealed record ComplianceReport(
    string Log,
    Guid? TenantId,
    DateOnly From,
    DateOnly To,
    DateTimeOffset MadeAt,
    string MadeBy,
    long Records,
    IReadOnlyList<ReportSection> Sections,
    RetentionState Retention,
    IntegrityState Integrity,
    CompletenessState Completeness);

/// <summary>One subject of the report.</summary>
/// <param name="Title">For a person.</param>
/// <param name="Controls">Criteria of SOC 2 (TSC 2017) and controls of ISO/IEC 27001:2022, Annex A, that it is evidence for.</param>
/// <param name="Counts">Of every action, also of those that did not happen.</param>
/// <param name="Items">The newest of them, where each one matters.</param>
/// <param name="IsCut">Whether there were more than are shown; <c>/export</c> has all.</param>
internal sealed record ReportSection(
    string Title, IReadOnlyList<string> Controls, IReadOnlyList<ActionCount> Counts, IReadOnlyList<RecordLine> Items, bool IsCut);

/// <summary>How often something happened.</summary>
/// <param name="Action">Of the catalogue.</param>
/// <param name="Meaning">What that is.</param>
/// <param name="Success">It took effect.</param>
/// <param name="Denied">It was refused.</param>
/// <param name="Failure">It failed.</param>
/// <param name="Unknown">With a result that this build does not know.</param>
internal sealed record ActionCount(string Action, string Meaning, long Success, long Denied, long Failure, long Unknown);

/// <summary>Retention.</summary>
/// <param name="Days">That a record is kept.</param>
/// <param name="Dropped">Days whose records were dropped within the period.</param>
/// <param name="Holds">Legal holds that were in force within it.</param>
internal sealed record RetentionState(int Days, IReadOnlyList<DroppedDay> Dropped, IReadOnlyList<LegalHold> Holds);

/// <summary>A day whose time was over.</summary>
/// <param name="Day">UTC.</param>
/// <param name="Records">How many it had, of all tenants; for the platform's administrators.</param>
/// <param name="DroppedAt">UTC.</param>
internal sealed record DroppedDay(DateOnly Day, long? Records, DateTimeOffset DroppedAt);

/// <summary>Tamper evidence.</summary>
/// <param name="Checkpoints">Signed heads of the log that were published within the period.</param>
/// <param name="Last">The last of all, as it was signed.</param>
/// <param name="Check">What a check of the newest part of the log found, made for this report.</param>
internal sealed record IntegrityState(long Checkpoints, string? Last, IntegrityReport Check);

/// <summary>Windows of the gateways within the period.</summary>
/// <param name="Complete">Every record is there.</param>
/// <param name="Pending">Records may still come.</param>
/// <param name="Gap">Something is missing.</param>
/// <param name="Missing">Records that are.</param>
/// <param name="Dropped">Requests that could not be recorded.</param>
/// <param name="Gaps">The newest of the windows of which something is missing.</param>
/// <param name="IsCut">Whether there are more.</param>
internal sealed record CompletenessState(
    long Complete, long Pending, long Gap, long Missing, long Dropped, IReadOnlyList<CompletenessWindow> Gaps, bool IsCut);
