using System.Net;
using System.Text.Json;
using NpgsqlTypes;

namespace AuditService.Reading;

/// <summary>A row of the log. It is never changed.</summary>
internal sealed class AuditRecord
{
    public Guid Id { get; init; }

    public DateTimeOffset OccurredAt { get; init; }

    public DateTimeOffset ReceivedAt { get; init; }

    public Guid? TenantId { get; init; }

    public required string ActorKind { get; init; }

    public required string ActorId { get; init; }

    public string? ActorName { get; init; }

    public string? SessionId { get; init; }

    public IPAddress? Address { get; init; }

    public string? UserAgent { get; init; }

    public required string Action { get; init; }

    public required string ResourceType { get; init; }

    public string? ResourceId { get; init; }

    public required string Severity { get; init; }

    public required string Result { get; init; }

    public double? DurationMs { get; init; }

    public JsonElement? Before { get; init; }

    public JsonElement? After { get; init; }

    public JsonElement? Detail { get; init; }

    public string? TraceId { get; init; }

    public string? Method { get; init; }

    public string? Path { get; init; }

    public string? Route { get; init; }

    public short? Status { get; init; }

    public string? RequestId { get; init; }

    /// <summary>What had to be changed to store the record, as <c>field:what</c>.</summary>
    public required string[] Marks { get; init; }

    public required NpgsqlTsVector Search { get; init; }

    /// <summary>Its place in the log's tree, from 0 and without a gap.</summary>
    public long? LeafIndex { get; init; }

    /// <summary>Salt of the personal part's digest; null once that is erased.</summary>
    public byte[]? Salt { get; init; }

    /// <summary>Digest of a personal part that was erased.</summary>
    public byte[]? PersonalDigest { get; init; }
}
