using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServiceDefaults.Contracts;

namespace AuditService.DeadLetters;

/// <summary>
/// What is personal in a message. An event that is about ids, or a record for the log, has an effect that is still needed
/// and is as good without the rest; one that carries a person's name or address does nothing else than bring them there.
/// </summary>
internal static class PersonalParts
{
    /// <summary>Events whose personal part can go, so that what stays may be replayed.</summary>
    internal static readonly FrozenSet<string> Separable = FrozenSet.Create(
        StringComparer.Ordinal,
        nameof(AuditRecorded), nameof(RequestsAudited), nameof(RequestsCounted), nameof(AuditGapFound), nameof(AuditGapClosed),
        nameof(UserDisabled), nameof(UserEnabled), nameof(UserDeleted), nameof(TenantDisabled), nameof(TenantEnabled),
        nameof(RevocationIssued), nameof(DeviceEnrolled), nameof(DeviceDecommissioned), nameof(DeviceConnectivityChanged));

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly string[] OfTheRequest = ["sessionId", "address", "userAgent"];
    private static readonly string[] Documents = ["before", "after", "detail"];

    /// <summary>What a message that names somebody has of them, and what is left without it.</summary>
    /// <param name="type">Name of the event.</param>
    /// <param name="body">The message as MassTransit wrote it.</param>
    /// <param name="tenant">Whose subject it is; a batch of requests is of many tenants.</param>
    /// <param name="subject">The person's id.</param>
    /// <returns>Whether it has anything, and the message without that, null when nothing of it may stay.</returns>
    public static (bool HasAny, byte[]? Left) Of(string? type, byte[] body, Guid tenant, string subject)
    {
        try
        {
            return type is not null && Separable.Contains(type) && JsonNode.Parse(body, null, Strict)?["message"] is JsonObject message
                ? (TakeOut(type, message, tenant, subject), JsonSerializer.SerializeToUtf8Bytes(message.Root))
                : (true, null);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return (true, null); // nobody can tell what is in it
        }
    }

    private static bool TakeOut(string type, JsonObject message, Guid tenant, string subject)
    {
        if (type != nameof(RequestsAudited))
        {
            TakeOut(message["envelope"] as JsonObject, OfTheRequest);
            TakeOut(message, type == nameof(AuditRecorded) ? Documents : []);
            return true;
        }

        List<JsonObject> theirs = [.. Requests(message).Where(request => IsOf(request, tenant, subject))];
        foreach (var request in theirs)
        {
            TakeOut(request, OfTheRequest);
            request["path"] = "";
        }

        return theirs.Count > 0;
    }

    private static IEnumerable<JsonObject> Requests(JsonObject message) => (message["requests"] as JsonArray ?? []).OfType<JsonObject>();

    private static bool IsOf(JsonObject request, Guid tenant, string subject) =>
        Text(request["tenantId"]) == tenant.ToString() && Text(request["actor"]?["id"]) == subject;

    private static void TakeOut(JsonObject? from, string[] names)
    {
        if (from is null)
        {
            return;
        }

        (from["actor"] as JsonObject)?.Remove("name");
        foreach (var name in names)
        {
            from.Remove(name);
        }
    }

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
