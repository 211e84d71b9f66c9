using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Resilience;

/// <summary>
/// What one client does about one target: total timeout, retries within a budget, circuit breaker, attempt timeout,
/// from the outside in.
/// </summary>
internal sealed class ResilienceTarget
{
    private static readonly ResiliencePropertyKey<bool> Repeatable = new("repeatable");

    private readonly ResilienceOptions _options;
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?> _label;
    private readonly RetryBudget _budget;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    public ResilienceTarget(string target, ResilienceOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _label = new("server.address", target);
        _budget = new RetryBudget(options.RetryBudgetRatio, options.RetryBudgetBurst);
        _pipeline = Build();
    }

    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        _budget.Earn();
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            context.Properties.Set(Repeatable, await RetryRule.MayRepeatAsync(request, cancellationToken));
            return await _pipeline.ExecuteAsync(
                static async (context, call) => await call.send(call.request, context.CancellationToken), context, (request, send));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private ResiliencePipeline<HttpResponseMessage> Build()
    {
        ResiliencePipelineBuilder<HttpResponseMessage> builder = new() { TimeProvider = _time };
        builder.AddTimeout(TimeSpan.FromSeconds(_options.TotalTimeoutSeconds));
        if (_options.Retries > 0)
        {
            builder.AddRetry(Retry());
        }

        return builder
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
            {
                // Being told to slow down is not an outage.
                ShouldHandle = static failed => ValueTask.FromResult(
                    RetryRule.IsPassing(failed.Outcome) && failed.Outcome.Result?.StatusCode != System.Net.HttpStatusCode.TooManyRequests),
                FailureRatio = _options.BreakerFailureRatio,
                MinimumThroughput = _options.BreakerMinimumRequests,
                SamplingDuration = TimeSpan.FromSeconds(_options.BreakerSamplingSeconds),
                BreakDuration = TimeSpan.FromSeconds(_options.BreakerOpenSeconds),
                OnOpened = _ =>
                {
                    PlatformTelemetry.CircuitsOpened.Add(1, _label);
                    return ValueTask.CompletedTask;
                },
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = TimeSpan.FromSeconds(_options.AttemptTimeoutSeconds) })
            .Build();
    }

    private RetryStrategyOptions<HttpResponseMessage> Retry() => new()
    {
        MaxRetryAttempts = _options.Retries,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = TimeSpan.FromSeconds(_options.RetryDelaySeconds),
        MaxDelay = TimeSpan.FromSeconds(_options.LongestRetryDelaySeconds),
        ShouldHandle = failed => ValueTask.FromResult(MayRetry(failed)),
        DelayGenerator = failed => ValueTask.FromResult(RetryRule.RetryAfter(failed.Outcome.Result, _time)),
        OnRetry = failed =>
        {
            failed.Outcome.Result?.Dispose();
            PlatformTelemetry.Retries.Add(1, _label);
            return ValueTask.CompletedTask;
        },
    };

    private bool MayRetry(RetryPredicateArguments<HttpResponseMessage> failed)
    {
        // Polly asks after the last attempt too; that must not cost anything.
        if (failed.AttemptNumber >= _options.Retries
            || !failed.Context.Properties.GetValue(Repeatable, defaultValue: false)
            || !RetryRule.IsPassing(failed.Outcome)
            || RetryRule.RetryAfter(failed.Outcome.Result, _time) > TimeSpan.FromSeconds(_options.LongestRetryDelaySeconds))
        {
            return false;
        }

        if (_budget.TrySpend())
        {
            return true;
        }

        PlatformTelemetry.RetriesRefused.Add(1, _label);
        return false;
    }
}
