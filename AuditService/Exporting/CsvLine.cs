using System.Buffers;
using System.Globalization;
using System.Text;
using AuditService.Reading;

namespace AuditService.Exporting;

/// <summary>
/// A record as a line of CSV (RFC 4180), every value quoted. A value that a spreadsheet would take for a formula gets an
/// apostrophe before it.
/// </summary>
internal static class CsvLine
{
    /// <summary>Names of the columns.</summary>
    public const string Head =
        "index,id,occurredAt,receivedAt,tenantId,actorKind,actorId,actorName,sessionId,address,userAgent,action,resourceType,resourceId,severity,result,durationMs,traceId,method,path,route,status,requestId,marks,before,after,detail\r\n";

    private static readonly SearchValues<char> Formulas = SearchValues.Create("=+-@\t\r\n|%");

    public static string Of(AuditRecord record)
    {
        var line = new StringBuilder();
        foreach (var value in (ReadOnlySpan<string?>)
            [
                record.LeafIndex?.ToString(CultureInfo.InvariantCulture), record.Id.ToString(), Time(record.OccurredAt), Time(record.ReceivedAt),
                record.TenantId?.ToString(), record.ActorKind, record.ActorId, record.ActorName, record.SessionId, record.Address?.ToString(),
                record.UserAgent, record.Action, record.ResourceType, record.ResourceId, record.Severity, record.Result,
                record.DurationMs?.ToString(CultureInfo.InvariantCulture), record.TraceId, record.Method, record.Path, record.Route,
                record.Status?.ToString(CultureInfo.InvariantCulture), record.RequestId, string.Join(' ', record.Marks),
                record.Before?.GetRawText(), record.After?.GetRawText(), record.Detail?.GetRawText(),
            ])
        {
            line.Append(line.Length == 0 ? "" : ",").Append(Quoted(value));
        }

        return line.Append("\r\n").ToString();
    }

    internal static string Quoted(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return "\"\"";
        }

        // Spreadsheets look past leading white space.
        var begin = value.AsSpan().TrimStart(' ');
        var guard = !begin.IsEmpty && Formulas.Contains(begin[0]) ? "'" : "";
        return $"\"{guard}{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
