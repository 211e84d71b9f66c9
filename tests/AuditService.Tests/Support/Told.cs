using System.Text.Json;
using ServiceDefaults.Contracts;

namespace AuditService.Tests.Support;

/// <summary>Events as the services and the gateway would send them.</summary>
internal static class Told
{
    public static AuditRecorded Record(Guid tenant, Guid? id = null, DateTimeOffset? at = null) => new(
        Envelope(tenant, id, at), "user.updated", "user", "u-1", AuditSeverity.Info, AuditResult.Success);

    public static EventEnvelope Envelope(Guid tenant, Guid? id = null, DateTimeOffset? at = null)
    {
        var now = at ?? TimeProvider.System.GetUtcNow();
        return new EventEnvelope(
            id ?? Guid.CreateVersion7(now),
            now,
            tenant,
            new Actor(ActorKind.User, "actor-1", "Ada"),
            "session-1",
            "203.0.113.7",
            "curl/8",
            "0af7651916cd43dd8448eb211c80319c");
    }

    public static RequestsAudited Requests(Guid tenant, int count, int status = 200)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new RequestsAudited(
            Envelope(tenant),
            "gateway-1",
            [.. Enumerable.Range(0, count).Select(_ => Request(tenant, now, status))]);
    }

    public static RequestRecord Request(Guid? tenant, DateTimeOffset at, int status) => new(
        Guid.CreateVersion7(at),
        at,
        tenant,
        tenant is null ? Actor.Anonymous : new Actor(ActorKind.User, "actor-1"),
        "session-1",
        "2001:db8::1",
        "curl/8",
        "GET",
        "/api/v1/devices",
        "devices",
        status,
        TimeSpan.FromMilliseconds(12.5),
        "0af7651916cd43dd8448eb211c80319c",
        "request-1");

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
