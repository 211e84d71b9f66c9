using System.Linq.Expressions;
using System.Text.Json;

namespace AuditService.Reading;

/// <summary>One line of the log.</summary>
/// <param name="Id">UUIDv7.</param>
/// <param name="OccurredAt">UTC instant of what is told.</param>
/// <param name="ReceivedAt">UTC instant the audit service had it.</param>
/// <param name="TenantId">Null for a request that named no tenant.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="SessionId">The actor's session.</param>
/// <param name="Address">The client's IP address.</param>
/// <param name="UserAgent">The client's User-Agent.</param>
/// <param name="Action">Dotted name.</param>
/// <param name="Resource">What it was done to.</param>
/// <param name="Severity"><c>info</c>, <c>notice</c>, <c>warning</c>, <c>critical</c> or <c>unknown</c>.</param>
/// <param name="Result"><c>success</c>, <c>denied</c>, <c>failure</c> or <c>unknown</c>.</param>
/// <param name="DurationMs">Milliseconds, null where not measured.</param>
/// <param name="TraceId">W3C trace id.</param>
/// <param name="Request">For records of the gateway.</param>
/// <param name="Marks">What had to be changed to store it, as <c>field:what</c>.</param>
internal sealed record RecordLine(
    Guid Id,
    DateTimeOffset OccurredAt,
    DateTimeOffset ReceivedAt,
    Guid? TenantId,
    RecordActor Actor,
    string? SessionId,
    string? Address,
    string? UserAgent,
    string Action,
    RecordResource Resource,
    string Severity,
    string Result,
    double? DurationMs,
    string? TraceId,
    RecordRequest? Request,
    string[] Marks)
{
    public static readonly Expression<Func<AuditRecord, RecordLine>> From = row => new RecordLine(
        row.Id,
        row.OccurredAt,
        row.ReceivedAt,
        row.TenantId,
        new RecordActor(row.ActorKind, row.ActorId, row.ActorName),
        row.SessionId,
        row.Address == null ? null : row.Address.ToString(),
        row.UserAgent,
        row.Action,
        new RecordResource(row.ResourceType, row.ResourceId),
        row.Severity,
        row.Result,
        row.DurationMs,
        row.TraceId,
        row.Method == null ? null : new RecordRequest(row.Method, row.Path, row.Route, row.Status, row.RequestId),
        row.Marks);

    internal static readonly Func<AuditRecord, RecordLine> Of = From.Compile();
}

/// <summary>A record with its documents.</summary>
/// <param name="Record">The line that lists show.</param>
/// <param name="Before">The resource before.</param>
/// <param name="After">The resource after.</param>
/// <param name="Detail">Further facts.</param>
internal sealed record RecordDocument(RecordLine Record, JsonElement? Before, JsonElement? After, JsonElement? Detail);

/// <summary>Who acted: <c>user</c>, <c>device</c>, <c>client</c>, <c>system</c>, <c>anonymous</c> or <c>unknown</c>.</summary>
internal sealed record RecordActor(string Kind, string Id, string? Name);

/// <summary>What was acted on.</summary>
internal sealed record RecordResource(string Type, string? Id);

/// <summary>The HTTP request, as the gateway saw it end.</summary>
internal sealed record RecordRequest(string Method, string? Path, string? Route, short? Status, string? RequestId);
