using System.Text.Json;
using System.Text.Json.Serialization;
using AuditService.Reading;

namespace AuditService.Exporting;

/// <summary>A record as an event of OCSF 1.3, one JSON object a line. What the schema has no place for is under <c>unmapped</c>.</summary>
internal static class OcsfLine
{
    private const string Version = "1.3.0";

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static string Of(AuditRecord record, byte[]? leaf = null)
    {
        var kind = OcsfClass.Of(record.Action, record.Method);
        var user = new { uid = record.ActorId, name = record.ActorName, type = record.ActorKind };
        return JsonSerializer.Serialize(
            new
            {
                category_uid = kind.Category,
                class_uid = kind.Class,
                activity_id = kind.Activity,
                type_uid = kind.Type,
                time = record.OccurredAt.ToUnixTimeMilliseconds(),
                severity_id = SeverityOf(record.Severity),
                status_id = StatusOf(record.Result),
                status_detail = record.Result,
                duration = record.DurationMs is { } duration ? (long?)Math.Round(duration) : null,
                metadata = new
                {
                    version = Version,
                    uid = record.Id,
                    event_code = record.Action,
                    sequence = record.LeafIndex,
                    logged_time = record.ReceivedAt.ToUnixTimeMilliseconds(),
                    tenant_uid = record.TenantId,
                    correlation_uid = record.TraceId,
                    product = new { name = "Platform", vendor_name = "Platform" },
                },
                actor = new { user, session = record.SessionId is { } session ? new { uid = session } : null },
                user = kind.Class is OcsfClass.AccountChange or OcsfClass.Authentication ? user : null,
                src_endpoint = record.Address is { } address ? new { ip = address.ToString() } : null,
                api = kind.Class == OcsfClass.ApiActivity ? new { operation = record.Route ?? "", request = new { uid = record.RequestId } } : null,
                entity = kind.Class == OcsfClass.EntityManagement ? new { type = record.ResourceType, uid = record.ResourceId } : null,
                http_request = record.Method is { } method
                    ? new { http_method = method, url = new { path = record.Path }, user_agent = record.UserAgent }
                    : null,
                http_response = record.Status is { } status ? new { code = status } : null,
                unmapped = new { before = record.Before, after = record.After, detail = record.Detail, marks = record.Marks, user_agent = record.UserAgent, leaf },
            },
            Json) + "\n";
    }

    private static int SeverityOf(string severity) => severity switch
    {
        "info" => 1,
        "notice" => 2,
        "warning" => 3,
        "critical" => 5,
        _ => 0,
    };

    private static int StatusOf(string result) => result switch
    {
        "success" => 1,
        "denied" or "failure" => 2,
        _ => 0,
    };
}
