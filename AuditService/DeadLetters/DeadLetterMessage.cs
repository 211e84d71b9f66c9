using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AuditService.Recording;
using RabbitMQ.Client;
using ServiceDefaults.Messaging;

namespace AuditService.DeadLetters;

/// <summary>
/// Reads a message of the dead-letter queue. Its headers say what went wrong and where (MassTransit's <c>MT-*</c>); its
/// body tells of the event where it is one. Nothing in a message can keep it from being stored.
/// </summary>
internal static class DeadLetterMessage
{
    private const string FaultAddress = "MT-Fault-InputAddress";
    private const string FaultType = "MT-Fault-ExceptionType";
    private const string FaultText = "MT-Fault-Message";
    private const string FaultTrace = "MT-Fault-StackTrace";
    private const string FaultTime = "MT-Fault-Timestamp";
    private const string Reason = "MT-Reason";
    private const int LongestName = 300;
    private const int LongestText = 4000;
    private const int LongestTrace = 16_000;

    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = 64 };

    public static DeadLetter Read(IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var headers = MessageHeaders.Read(properties);
        var queue = QueueOf(headers);
        var failedAt = Time(headers[FaultTime]) ?? now;
        var told = EnvelopeOf(body);
        var content = body.ToArray();
        return new DeadLetter
        {
            Id = Guid.CreateVersion7(now),
            Fingerprint = Fingerprint(queue, Text(headers[FaultTime]), Text(headers["message-id"]), content),
            Queue = queue,
            Service = queue.Split('-')[0],
            EventType = Name(told.Type),
            EventId = told.EventId,
            TenantId = told.Tenant,
            OccurredAt = told.OccurredAt,
            FailedAt = failedAt,
            CollectedAt = now,
            FaultType = Name(Text(headers[FaultType]) ?? Text(headers[Reason])) ?? "unknown",
            FaultMessage = Cut(Text(headers[FaultText]) ?? "", LongestText),
            FaultTrace = Text(headers[FaultTrace]) is { } trace ? Cut(trace, LongestTrace) : null,
            ReplayOf = Guid.TryParse(Text(headers[DeadLetterQueue.ReplayHeader]), out var earlier) ? earlier : null,
            Headers = headers.ToJsonString(),
            Body = content,
        };
    }

    /// <summary>Whether the header belongs to the failure rather than to the message.</summary>
    public static bool IsOfTheFailure(string header) =>
        header.StartsWith("MT-Fault-", StringComparison.Ordinal) || header.StartsWith("MT-Host-", StringComparison.Ordinal)
        || header == Reason || header.StartsWith("x-", StringComparison.Ordinal) || header == DeadLetterQueue.ReplayHeader;

    /// <summary>Stored headers without those of the failure, whose texts may quote the message.</summary>
    public static string WithoutTheFailure(string headers)
    {
        var all = JsonNode.Parse(headers)!.AsObject();
        foreach (var name in all.Select(header => header.Key).Where(IsOfTheFailure).ToList())
        {
            all.Remove(name);
        }

        return all.ToJsonString();
    }

    // rabbitmq://host/virtual-host/queue?options
    private static string QueueOf(JsonObject headers) =>
        Uri.TryCreate(Text(headers[FaultAddress]), UriKind.Absolute, out var address) && address.Segments is [.., var last] && last.Length > 1
            ? Cut(CleanText.Of(Uri.UnescapeDataString(last)), LongestName)
            : "unknown";

    private static byte[] Fingerprint(string queue, string? failedAt, string? messageId, byte[] body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{queue}\n{failedAt}\n{messageId}\n"));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    private static (string? Type, Guid? EventId, Guid? Tenant, DateTimeOffset? OccurredAt) EnvelopeOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Lenient);
            var envelope = Member(Member(document.RootElement, "message"), "envelope");
            return (TypeOf(document.RootElement), Id(Member(envelope, "id")), Id(Member(envelope, "tenantId")), Time(Member(envelope, "occurredAt")));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return default; // no JSON, or text that is no Unicode
        }
    }

    // ["urn:message:ServiceDefaults.Contracts:UserRegistered"]
    private static string? TypeOf(JsonElement root) =>
        Member(root, "messageType") is { ValueKind: JsonValueKind.Array } types && types.GetArrayLength() > 0
            && types[0].ValueKind == JsonValueKind.String
            ? types[0].GetString()!.Split(':')[^1]
            : null;

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var member) ? member : default;

    private static Guid? Id(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.TryGetGuid(out var id) ? id : null;

    private static DateTimeOffset? Time(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var at) ? at.ToUniversalTime() : null;

    private static DateTimeOffset? Time(JsonNode? value) =>
        DateTimeOffset.TryParse(Text(value), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? at : null;

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static string? Name(string? text) => string.IsNullOrEmpty(text) ? null : Cut(CleanText.Of(text), LongestName);

    private static string Cut(string text, int longest) => text.Length <= longest ? text : CleanText.Cut(text, longest);
}
