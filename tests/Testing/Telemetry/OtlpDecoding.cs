using System.Globalization;
using Google.Protobuf;
using Platform.Testing.Telemetry.Wire;

namespace Platform.Testing.Telemetry;

/// <summary>From the wire to what tests compare.</summary>
internal static class OtlpDecoding
{
    public static IEnumerable<CollectedSpan> Spans(TraceRequest request) =>
        from resource in request.ResourceSpans
        let service = ServiceOf(resource.Resource)
        from scope in resource.ScopeSpans
        from span in scope.Spans
        select new CollectedSpan(
            Hex(span.TraceId),
            Hex(span.SpanId),
            Hex(span.ParentSpanId),
            span.Name,
            (CollectedSpanKind)span.Kind,
            service,
            scope.Scope?.Name ?? "",
            Time(span.StartTimeUnixNano),
            Time(span.EndTimeUnixNano) - Time(span.StartTimeUnixNano),
            (CollectedStatus)(span.Status?.Code ?? 0),
            span.Status?.Message ?? "",
            Attributes(span.Attributes),
            [.. span.Links.Select(l => (Hex(l.TraceId), Hex(l.SpanId)))]);

    public static IEnumerable<CollectedLog> Logs(LogsRequest request) =>
        from resource in request.ResourceLogs
        let service = ServiceOf(resource.Resource)
        from scope in resource.ScopeLogs
        from log in scope.LogRecords
        select new CollectedLog(
            service, scope.Scope?.Name ?? "", Time(log.TimeUnixNano), log.SeverityText, Text(log.Body), Hex(log.TraceId), Hex(log.SpanId), Attributes(log.Attributes));

    public static IEnumerable<CollectedMetric> Metrics(MetricsRequest request) =>
        from resource in request.ResourceMetrics
        let service = ServiceOf(resource.Resource)
        from scope in resource.ScopeMetrics
        from metric in scope.Metrics
        select new CollectedMetric(service, scope.Scope?.Name ?? "", metric.Name, metric.Unit);

    private static string ServiceOf(Resource? resource) =>
        resource is null ? "" : Attributes(resource.Attributes).GetValueOrDefault("service.name", "");

    private static Dictionary<string, string> Attributes(IEnumerable<KeyValue> attributes) =>
        attributes.GroupBy(a => a.Key).ToDictionary(g => g.Key, g => Text(g.Last().Value));

    private static string Text(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.ArrayValue => string.Join(',', value.ArrayValue.Values.Select(Text)),
        _ => "",
    };

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static DateTimeOffset Time(ulong nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));
}
