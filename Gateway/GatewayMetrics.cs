using System.Diagnostics.Metrics;

namespace Gateway;

/// <summary>What is measured about the gateway's own work. Durations in seconds.</summary>
internal sealed class GatewayMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly OutcomeCounts _tokens;
    private readonly Histogram<double> _validation;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _retriesRefused;
    private readonly Counter<long> _circuits;
    private readonly Counter<long> _audited;
    private readonly Counter<long> _auditLost;
    private readonly Counter<long> _revocationFaults;
    private readonly Counter<long> _revocations;
    private readonly Counter<long> _shed;
    private readonly Counter<long> _cut;
    private readonly Counter<long> _apiKeys;
    private readonly Counter<long> _introspections;

    public GatewayMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Gateway");
        _tokens = new OutcomeCounts("cached", "verified", "refused", "revoked", "unavailable");
        _meter.CreateObservableCounter("platform.gateway.tokens", _tokens.Read, "{token}", "Tokens looked at, by outcome: cached, verified, refused, revoked, unavailable");
        _validation = _meter.CreateHistogram<double>("platform.gateway.token.validation", "s", "Verification of a token that was not cached");
        _retries = _meter.CreateCounter<long>("platform.gateway.retries", "{retry}", "Requests sent again to a service");
        _retriesRefused = _meter.CreateCounter<long>("platform.gateway.retries_refused", "{retry}", "Retries not made because the budget was used up");
        _circuits = _meter.CreateCounter<long>("platform.gateway.circuits_opened", "{opening}", "Times a destination was taken out after failures");
        _shed = _meter.CreateCounter<long>("platform.gateway.overload.refused", "{request}", "Requests refused because too many were under way, by kind: request, stream, service");
        _audited = _meter.CreateCounter<long>("platform.gateway.audit.records", "{record}", "Request records, by stage: recorded, published, replayed");
        _auditLost = _meter.CreateCounter<long>("platform.gateway.audit.lost", "{record}", "Request records lost, by reason");
        _revocations = _meter.CreateCounter<long>("platform.gateway.revocations.applied", "{revocation}", "Revocations applied, by source");
        _cut = _meter.CreateCounter<long>("platform.gateway.requests.cut", "{request}", "Requests cut while under way because their token was revoked or had ended");
        _apiKeys = _meter.CreateCounter<long>("platform.gateway.api_keys", "{key}", "API keys looked at, by outcome: cached, exchanged, refused, throttled, unavailable");
        _introspections = _meter.CreateCounter<long>("platform.gateway.introspections", "{introspection}", "Tokens asked about at the identity service, by outcome: active, inactive, unavailable");
        _revocationFaults = _meter.CreateCounter<long>("platform.gateway.revocations.faults", "{fault}", "Failed reads of the revocation stream and unreadable entries");
    }

    public void TokenSeen(string outcome) => _tokens.Add(outcome);

    public void Validated(TimeSpan took) => _validation.Record(took.TotalSeconds);

    public void Retried(string cluster) => _retries.Add(1, new KeyValuePair<string, object?>("cluster", cluster));

    public void RetryRefused(string cluster) => _retriesRefused.Add(1, new KeyValuePair<string, object?>("cluster", cluster));

    public void CircuitOpened(string cluster) => _circuits.Add(1, new KeyValuePair<string, object?>("cluster", cluster));

    public void Shed(string kind) => _shed.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Audited(string stage, int records) => _audited.Add(records, new KeyValuePair<string, object?>("stage", stage));

    public void AuditLost(string reason, int records) => _auditLost.Add(records, new KeyValuePair<string, object?>("reason", reason));

    public void RevocationApplied(string source) => _revocations.Add(1, new KeyValuePair<string, object?>("source", source));

    public void RequestsCut(int count) => _cut.Add(count);

    public void ApiKeySeen(string outcome) => _apiKeys.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Introspected(string outcome) => _introspections.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void RevocationFault(string kind) => _revocationFaults.Add(1, new KeyValuePair<string, object?>("error.type", kind));

    /// <summary>A value read when metrics are collected.</summary>
    public void Observe(string name, string unit, string description, Func<double> value) =>
        _meter.CreateObservableGauge(name, value, unit, description);

    public void Dispose() => _meter.Dispose();
}
