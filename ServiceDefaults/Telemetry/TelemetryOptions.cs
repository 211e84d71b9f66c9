namespace ServiceDefaults.Telemetry;

/// <summary>
/// Section <c>Telemetry</c>. Where telemetry goes is said by the standard <c>OTEL_*</c> variables; without
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> nothing is exported.
/// </summary>
internal sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>Set at the public edge: baggage that a client sends would otherwise travel to every service.</summary>
    public bool DropInboundBaggage { get; set; }

    /// <summary>
    /// Set at the public edge: whether a trace is recorded is decided here, whatever the client's trace flags say. Else a
    /// client could switch off the spans of its requests. <c>OTEL_TRACES_SAMPLER</c> still rules where it is set.
    /// </summary>
    public bool DecideSampling { get; set; }
}
