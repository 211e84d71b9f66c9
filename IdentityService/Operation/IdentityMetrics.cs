using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace IdentityService.Operation;

/// <summary>What operators watch of this service.</summary>
internal sealed class IdentityMetrics : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Platform.Identity";

    /// <summary>Spans of the service's own work.</summary>
    public static readonly ActivitySource Source = new(Name);

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _signIns;
    private readonly Counter<long> _secondFactors;
    private readonly Counter<long> _stepUps;
    private readonly Counter<long> _registrations;
    private readonly Counter<long> _links;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _reuse;
    private readonly Counter<long> _refusedRefreshes;
    private readonly Counter<long> _refusedKeys;
    private readonly Counter<long> _introspections;
    private readonly Counter<long> _revocations;
    private readonly Histogram<double> _revocationEffective;
    private long _activeSessions;
    private long _revocationBacklog;

    public IdentityMetrics()
    {
        _signIns = _meter.CreateCounter<long>("platform.identity.sign_ins", "{attempt}", "Attempts to sign in, by result");
        _secondFactors = _meter.CreateCounter<long>("platform.identity.second_factors", "{attempt}", "Second factors checked at sign-in or step-up, by result");
        _stepUps = _meter.CreateCounter<long>("platform.identity.step_ups", "{session}", "Sessions in which the user proved anew who they are");
        _registrations = _meter.CreateCounter<long>("platform.identity.registrations", "{account}", "Accounts registered");
        _links = _meter.CreateCounter<long>("platform.identity.links_mailed", "{link}", "Links mailed to prove an address or set a password, by kind");
        _tokens = _meter.CreateCounter<long>("platform.identity.tokens_issued", "{token}", "Access tokens issued, by grant");
        _reuse = _meter.CreateCounter<long>("platform.identity.refresh_reuse", "{token}", "Refresh tokens used again after their time");
        _refusedRefreshes = _meter.CreateCounter<long>("platform.identity.refreshes_refused", "{attempt}", "Refreshes refused");
        _refusedKeys = _meter.CreateCounter<long>("platform.identity.api_keys_refused", "{attempt}", "API keys that were not valid");
        _introspections = _meter.CreateCounter<long>("platform.identity.introspections", "{token}", "Tokens asked about, by whether they were active");
        _revocations = _meter.CreateCounter<long>("platform.identity.revocations", "{revocation}", "Revocations issued, by kind");
        _revocationEffective = _meter.CreateHistogram<double>(
            "platform.identity.revocation_effective", "s", "Time from commit until every living gateway applied a revocation");
        _meter.CreateObservableGauge(
            "platform.identity.sessions_active", () => Interlocked.Read(ref _activeSessions), "{session}", "Sessions neither ended nor expired");
        _meter.CreateObservableGauge(
            "platform.identity.revocation_backlog", () => Interlocked.Read(ref _revocationBacklog), "{revocation}", "Revocations not yet in the stream");
    }

    public void SignedIn() => _signIns.Add(1, Result("success"));

    public void SignInFailed() => _signIns.Add(1, Result("invalid_credentials"));

    public void SignInBlocked() => _signIns.Add(1, Result("blocked"));

    public void SecondFactorAsked() => _signIns.Add(1, Result("second_factor_required"));

    /// <param name="result"><c>totp</c>, <c>recovery_code</c>, <c>passkey</c>, <c>refused</c> or <c>blocked</c>.</param>
    public void SecondFactorChecked(string result) => _secondFactors.Add(1, Result(result));

    public void SteppedUp() => _stepUps.Add(1);

    public void Registered() => _registrations.Add(1);

    public void LinkMailed(string kind) => _links.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void TokenIssued(string grant) => _tokens.Add(1, new KeyValuePair<string, object?>("grant", grant));

    public void RefreshReused() => _reuse.Add(1);

    public void RefreshRefused() => _refusedRefreshes.Add(1);

    public void Introspected(bool active) => _introspections.Add(1, new KeyValuePair<string, object?>("active", active));

    public void ApiKeyRefused() => _refusedKeys.Add(1);

    public void Revoked(string kind) => _revocations.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void RevocationApplied(TimeSpan after, bool everywhere) =>
        _revocationEffective.Record(after.TotalSeconds, new KeyValuePair<string, object?>("complete", everywhere));

    public void SessionsCounted(long active) => Interlocked.Exchange(ref _activeSessions, active);

    public void RevocationsWaiting(long count) => Interlocked.Exchange(ref _revocationBacklog, count);

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Result(string result) => new("result", result);
}
