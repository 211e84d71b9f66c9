using System.Text.Json;
using IdentityService.Data;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Operation;

/// <summary>Writes what happened into the outbox, for the audit log; it leaves with the next save.</summary>
internal static class AuditTrail
{
    /// <summary>Adds a record about a user; details and fields must hold no secret.</summary>
    public static void AddAudit(
        this IdentityDb database,
        EventEnvelope envelope,
        string action,
        string resourceType,
        string? resourceId,
        AuditResult result = AuditResult.Success,
        AuditSeverity severity = AuditSeverity.Info,
        object? before = null,
        object? after = null,
        IReadOnlyDictionary<string, string>? detail = null) =>
        database.AddEvent(RecordOf(envelope, action, resourceType, resourceId, result, severity, before, after, detail), resourceId ?? action);

    /// <summary>The record alone, for what goes into the outbox another way.</summary>
    public static AuditRecorded RecordOf(
        EventEnvelope envelope,
        string action,
        string resourceType,
        string? resourceId,
        AuditResult result = AuditResult.Success,
        AuditSeverity severity = AuditSeverity.Info,
        object? before = null,
        object? after = null,
        IReadOnlyDictionary<string, string>? detail = null) =>
        new(envelope, action, resourceType, resourceId, severity, result, null, Json(before), Json(after), detail);

    private static JsonElement? Json(object? fields) =>
        fields is null ? null : JsonSerializer.SerializeToElement(fields, EventCatalogue.Json);
}
