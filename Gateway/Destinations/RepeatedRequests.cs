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

    /// <summary>Whether a request that was sent once is to be sent again, by <see cref="SendAgainAsync"/>.</summary>
    public bool IsToBeSentAgain(HttpContext context)
    {
        if (!IsRepeatable(context))
        {
            return false;
        }

        BudgetOf(context.GetReverseProxyFeature().Cluster.Config.ClusterId).Earn();
        return NeverBegan(context) && options.CurrentValue.Attempts > 1;
    }

    /// <summary>Sends it until an answer begins, the attempts or the budget are used up, or the client goes.</summary>
    public async Task SendAgainAsync(HttpContext context, RequestDelegate next)
    {
        var proxy = context.GetReverseProxyFeature();
        var cluster = proxy.Cluster.Config.ClusterId;
        List<DestinationState>? tried = null;
        for (var attempt = 1; attempt < options.CurrentValue.Attempts && NeverBegan(context); attempt++)
        {
            if (!BudgetOf(cluster).TrySpend())
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

            await next(context);
        }
    }

    private RetryBudget BudgetOf(string cluster) =>
        _budgets.GetOrAdd(cluster, static (_, now) => new RetryBudget(now.RetryShare, now.RetryBurst), options.CurrentValue);

    private static bool IsRepeatable(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true
        && context.Request.Headers.Upgrade.Count == 0;

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
