using System.Net;
using System.Text.Json;
using AuditService.Completeness;
using ServiceDefaults.Contracts;

namespace AuditService.Recording;

/// <summary>One row as it will be written: every value fits its column, and what was changed to fit is in the marks.</summary>
internal sealed record AuditRow
{
    public required Guid Id { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public required Guid? TenantId { get; init; }

    public required string ActorKind { get; init; }

    public required string ActorId { get; init; }

    public required string? ActorName { get; init; }

    public required string? SessionId { get; init; }

    public required IPAddress? Address { get; init; }

    public required string? UserAgent { get; init; }

    public required string Action { get; init; }

    public required string ResourceType { get; init; }

    public required string? ResourceId { get; init; }

    public required string Severity { get; init; }

    public required string Result { get; init; }

    public required double? DurationMs { get; init; }

    public string? Before { get; init; }

    public string? After { get; init; }

    public string? Detail { get; init; }

    public required string? TraceId { get; init; }

    public string? Method { get; init; }

    public string? Path { get; init; }

    public string? Route { get; init; }

    public short? Status { get; init; }

    public string? RequestId { get; init; }

    /// <summary>For a gateway's record, where it says which; not part of the record.</summary>
    public RequestNumber? Number { get; init; }

    public required string[] Words { get; init; }

    public required string[] Marks { get; init; }

    public static AuditRow From(AuditRecorded told, Cleaning cleaning, DateTimeOffset receivedAt)
    {
        var envelope = told.Envelope;
        var row = new AuditRow
        {
            Id = envelope.Id,
            OccurredAt = Stored(envelope.OccurredAt),
            ReceivedAt = Stored(receivedAt),
            TenantId = envelope.TenantId,
            ActorKind = cleaning.Name("actorKind", envelope.Actor.Kind),
            ActorId = cleaning.Text("actorId", envelope.Actor.Id, 200) ?? "",
            ActorName = cleaning.Text("actorName", envelope.Actor.Name, 200),
            SessionId = cleaning.Text("sessionId", envelope.SessionId, 100),
            Address = cleaning.Address(envelope.Address),
            UserAgent = cleaning.Text("userAgent", envelope.UserAgent, 512),
            Action = cleaning.Action(told.Action),
            ResourceType = cleaning.Text("resourceType", told.ResourceType, 100) ?? "",
            ResourceId = cleaning.Text("resourceId", told.ResourceId, 300),
            Severity = cleaning.Name("severity", told.Severity),
            Result = cleaning.Name("result", told.Result),
            DurationMs = (told.Duration ?? envelope.Elapsed)?.TotalMilliseconds,
            Before = cleaning.Document("before", told.Before),
            After = cleaning.Document("after", told.After),
            Detail = told.Detail is null
                ? null
                : cleaning.Document("detail", JsonSerializer.SerializeToElement(told.Detail)),
            TraceId = cleaning.Text("traceId", envelope.TraceId, 64),
            Words = [],
            Marks = [],
        };
        return row with { Words = SearchWords.Of(row), Marks = cleaning.Marks };
    }

    public static AuditRow From(RequestRecord request, string gateway, Cleaning cleaning, DateTimeOffset receivedAt)
    {
        var row = new AuditRow
        {
            Id = request.Id,
            OccurredAt = Stored(request.At),
            ReceivedAt = Stored(receivedAt),
            TenantId = request.TenantId,
            ActorKind = cleaning.Name("actorKind", request.Actor.Kind),
            ActorId = cleaning.Text("actorId", request.Actor.Id, 200) ?? "",
            ActorName = cleaning.Text("actorName", request.Actor.Name, 200),
            SessionId = cleaning.Text("sessionId", request.SessionId, 100),
            Address = cleaning.Address(request.Address),
            UserAgent = cleaning.Text("userAgent", request.UserAgent, 512),
            Action = AuditActions.ApiRequest,
            ResourceType = "request",
            ResourceId = cleaning.Text("requestId", request.RequestId, 300),
            Severity = Judgement.SeverityOf(request.StatusCode),
            Result = Judgement.ResultOf(request.StatusCode),
            DurationMs = request.Duration.TotalMilliseconds,
            Detail = GatewayDetail.Of(gateway, cleaning),
            TraceId = cleaning.Text("traceId", request.TraceId, 64),
            Method = cleaning.Text("method", request.Method, 32),
            Path = cleaning.Text("path", request.Path, 1024),
            Route = cleaning.Text("route", request.RouteId, 200),
            Status = (short)Math.Clamp(request.StatusCode, 0, 999),
            RequestId = cleaning.Text("requestId", request.RequestId, 300),
            Words = [],
            Marks = [],
        };
        return row with { Words = SearchWords.Of(row), Marks = cleaning.Marks };
    }

    // PostgreSQL keeps microseconds; the leaf is made of what it keeps.
    private static DateTimeOffset Stored(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
