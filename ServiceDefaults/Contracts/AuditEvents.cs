using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServiceDefaults.Contracts;

/// <summary>One entry for the audit log, committed with the change it tells of.</summary>
/// <param name="Envelope">Actor, tenant, session, address, user agent, trace.</param>
/// <param name="Action">Dotted name, for example <c>user.registered</c>.</param>
/// <param name="ResourceType">Kind of the thing acted on, for example <c>user</c>.</param>
/// <param name="ResourceId">Its id, null where the attempt named none.</param>
/// <param name="Severity">How much it matters to a reviewer.</param>
/// <param name="Result">Whether it took effect.</param>
/// <param name="Duration">Time the operation took, null where not measured.</param>
/// <param name="Before">The resource's fields before, secrets left out by the writer.</param>
/// <param name="After">The resource's fields after, secrets left out by the writer.</param>
/// <param name="Detail">Further facts, for example a reason; never a secret.</param>
public sealed record AuditRecorded(
    EventEnvelope Envelope,
    string Action,
    string ResourceType,
    string? ResourceId,
    AuditSeverity Severity,
    AuditResult Result,
    TimeSpan? Duration = null,
    JsonElement? Before = null,
    JsonElement? After = null,
    IReadOnlyDictionary<string, string>? Detail = null) : IIntegrationEvent;

/// <summary>A batch of the gateway's own records, one for each API request.</summary>
/// <param name="Envelope">Of the batch; a batch sent again after a crash has another id, its records have not.</param>
/// <param name="GatewayId">Which gateway.</param>
/// <param name="Requests">In the order in which the requests ended.</param>
/// <param name="Run">The process of that gateway that numbered them, UUIDv7; null where a crash cut that off.</param>
/// <param name="First">Number of the first of them within the run; the others follow without a gap.</param>
public sealed record RequestsAudited(
    EventEnvelope Envelope, string GatewayId, IReadOnlyList<RequestRecord> Requests, Guid? Run = null, long? First = null)
    : IIntegrationEvent;

/// <summary>
/// What a gateway recorded in one window, published after the records themselves: the audit log must have the records
/// numbered from <c>First</c> on, as many as the results say, and a count for every number; what it has not is missing.
/// </summary>
/// <param name="Envelope">Of the count.</param>
/// <param name="GatewayId">Which gateway.</param>
/// <param name="Run">The process of that gateway, UUIDv7; each numbers its records and its counts from 0.</param>
/// <param name="Number">Of this count within the run, without a gap; windows without a request have none.</param>
/// <param name="From">UTC instant from which requests that ended are counted.</param>
/// <param name="To">UTC instant up to which.</param>
/// <param name="First">Number of the window's first record; null when all were dropped.</param>
/// <param name="Success">Records of status below 400.</param>
/// <param name="Denied">Records of status 401 and 403.</param>
/// <param name="Failure">Records of any other status.</param>
/// <param name="Dropped">Requests of which no record could be kept.</param>
/// <param name="ApiKeys">Of the recorded ones, those that came with an API key, one entry a key; null when none did.</param>
public sealed record RequestsCounted(
    EventEnvelope Envelope,
    string GatewayId,
    Guid Run,
    long Number,
    DateTimeOffset From,
    DateTimeOffset To,
    long? First,
    long Success,
    long Denied,
    long Failure,
    long Dropped,
    IReadOnlyList<ApiKeyUse>? ApiKeys = null) : IIntegrationEvent
{
    /// <summary>How a status counts.</summary>
    public static AuditResult ResultOf(int status) => status switch
    {
        < 400 => AuditResult.Success,
        401 or 403 => AuditResult.Denied,
        _ => AuditResult.Failure,
    };
}

/// <summary>How an API key was used in one window.</summary>
/// <param name="KeyId">The key's.</param>
/// <param name="Count">Requests that came with it, whatever became of them behind its check.</param>
/// <param name="LastAt">UTC instant the last of them came in.</param>
public sealed record ApiKeyUse(Guid KeyId, long Count, DateTimeOffset LastAt);

/// <summary>One API request as the gateway saw it end.</summary>
/// <param name="Id">UUIDv7 of the record.</param>
/// <param name="At">UTC instant the request came in.</param>
/// <param name="TenantId">From the token; null for anonymous requests.</param>
/// <param name="Actor">From the token, or anonymous.</param>
/// <param name="SessionId">From the token.</param>
/// <param name="Address">The client's address.</param>
/// <param name="UserAgent">Cut to 512 characters.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path without the query, cut to 1024 characters.</param>
/// <param name="RouteId">The gateway route that took it, null where none matched.</param>
/// <param name="StatusCode">HTTP status returned.</param>
/// <param name="Duration">From the request's first byte to the end of the response.</param>
/// <param name="TraceId">W3C trace id.</param>
/// <param name="RequestId">The X-Request-Id returned.</param>
public sealed record RequestRecord(
    Guid Id,
    DateTimeOffset At,
    Guid? TenantId,
    Actor Actor,
    string? SessionId,
    string? Address,
    string? UserAgent,
    string Method,
    string Path,
    string? RouteId,
    int StatusCode,
    TimeSpan Duration,
    string? TraceId,
    string? RequestId);

/// <summary>How much an audit record matters to a reviewer.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditSeverity>))]
public enum AuditSeverity
{
    Info,
    Notice,
    Warning,
    Critical,
}

/// <summary>Whether the audited operation took effect.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditResult>))]
public enum AuditResult
{
    Success,
    Denied,
    Failure,
}
