using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Idempotency;

/// <summary>What became of requests with a key, by route, on the meter <c>Platform.Idempotency</c> and on the span.</summary>
internal sealed class IdempotencyMetrics
{
    private const string Tag = "platform.idempotency.outcome";

    private readonly Counter<long> _requests;

    public IdempotencyMetrics(IMeterFactory meters) => _requests = meters.Create("Platform.Idempotency").CreateCounter<long>(
        "platform.idempotency.requests", "{request}", "Requests with an Idempotency-Key, by route and outcome");

    /// <summary>Counts one: <c>done</c>, <c>failed</c>, <c>replayed</c>, <c>reused</c>, <c>in_use</c>, <c>lost</c> or <c>malformed</c>.</summary>
    public void Count(HttpContext http, string outcome)
    {
        _requests.Add(1, new("http.route", RequestRoute.Of(http)), new(Tag, outcome));
        http.Features.Get<IHttpActivityFeature>()?.Activity.SetTag(Tag, outcome);
    }
}
