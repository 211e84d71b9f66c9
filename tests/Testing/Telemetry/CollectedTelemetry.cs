namespace Platform.Testing.Telemetry;

/// <summary>A finished span as a service sent it. Ids are lower-case hex.</summary>
/// <param name="ParentId">Empty for a root.</param>
public sealed record CollectedSpan(
    string TraceId,
    string SpanId,
    string ParentId,
    string Name,
    CollectedSpanKind Kind,
    string Service,
    string Source,
    DateTimeOffset Start,
    TimeSpan Duration,
    CollectedStatus Status,
    string StatusMessage,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<(string TraceId, string SpanId)> Links);

/// <summary>OTLP's numbers.</summary>
public enum CollectedSpanKind
{
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// <summary>OTLP's numbers.</summary>
public enum CollectedStatus
{
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// <summary>A log record as a service sent it.</summary>
public sealed record CollectedLog(string Service, string Source, DateTimeOffset Time, string Severity, string Body, string TraceId, string SpanId, IReadOnlyDictionary<string, string> Attributes);

/// <summary>That a service sent a metric of this name.</summary>
public sealed record CollectedMetric(string Service, string Source, string Name, string Unit);
