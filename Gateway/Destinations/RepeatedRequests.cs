using System.Collections.Concurrent;
using Gateway.Routing;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ServiceDefaults.Resilience;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Destinations;

/// <summary>
/// Sends a request again whose answer never began: only GET and HEAD without a body (RFC 9110 section 9.2.2), first to
/// destinations not tried yet, and only while the cluster's retry budget lasts, so that a service in trouble is not
/// buried under retries.
/// </summary>
internal sealed class RepeatedRequests(IOptionsMonitor<ProxyingOptions> options, GatewayMetrics metrics, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, RetryBudget> _budgets = new(StringComparer.OrdinalIgnoreCase);

    public Task SendAsync(HttpContext context, RequestDelegate next) =>
        IsRepeatable(context) ? SendRepeatableAsync(context, next) : next(context);

    private async Task SendRepeatableAsync(HttpContext context, RequestDelegate next)
    {
        var proxy = context.GetReverseProxyFeature();
        var cluster = proxy.Cluster.Config.ClusterId;
        var budget = _budgets.GetOrAdd(cluster, static (_, now) => new RetryBudget(now.RetryShare, now.RetryBurst), options.CurrentValue);
        budget.Earn();
        List<DestinationState>? tried = null;
        for (var attempt = 1; ; attempt++)
        {
            await next(context);
            if (attempt >= options.CurrentValue.Attempts || !NeverBegan(context))
            {
                return;
            }

            if (!budget.TrySpend())
            {
                metrics.RetryRefused(cluster);
                return;
            }

            metrics.Retried(cluster);
            if (proxy.ProxiedDestination is { } destination)
            {
                (tried ??= []).Add(destination);
            }

            if (!await PrepareAsync(context, proxy, tried ?? [], attempt))
            {
                return;
            }
        }
    }

    private static bool IsRepeatable(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true
        && context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest != true;

    private static bool NeverBegan(HttpContext context) =>
        !context.Response.HasStarted
        && !context.RequestAborted.IsCancellationRequested
        && context.Features.Get<IForwarderErrorFeature>()?.Error == ForwarderError.Request;

    /// <summary>Makes the context as it was before the failed attempt, with the destinations that are left; false when the client went.</summary>
    private async Task<bool> PrepareAsync(HttpContext context, IReverseProxyFeature proxy, List<DestinationState> tried, int attempt)
    {
        var available = proxy.Route.Cluster?.DestinationsState.AvailableDestinations ?? [];
        List<DestinationState> untried = [.. available.Except(tried)];
        if (untried.Count == 0)
        {
            // All have failed once: a restarting service often takes connections again within this pause.
            await Task.Delay(TimeSpan.FromMilliseconds(50 * attempt), time, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            untried = [.. proxy.Route.Cluster?.DestinationsState.AvailableDestinations ?? []];
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            return false;
        }

        proxy.AvailableDestinations = untried;
        proxy.ProxiedDestination = null;
        context.Features.Set<IForwarderErrorFeature>(null);
        context.Response.Clear();
        return true;
    }
}
