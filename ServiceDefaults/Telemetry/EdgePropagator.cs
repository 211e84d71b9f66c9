using System.Diagnostics;

namespace ServiceDefaults.Telemetry;

/// <summary>W3C trace context as always, without the baggage of whoever calls.</summary>
internal sealed class EdgePropagator(DistributedContextPropagator w3c) : DistributedContextPropagator
{
    public override IReadOnlyCollection<string> Fields => w3c.Fields;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
        w3c.Inject(activity, carrier, setter);

    public override void ExtractTraceIdAndState(
        object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        w3c.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
