using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Resilience;

/// <summary>How HTTP clients deal with failure, section <c>Resilience</c>; <c>Resilience:Clients:{name}</c> differs for one named client.</summary>
internal sealed class ResilienceOptions : IValidatableObject
{
    public const string Section = "Resilience";

    /// <summary>Time for a request with all of its attempts, in seconds, up to the headers of the answer.</summary>
    [Range(0.05, 600)]
    public double TotalTimeoutSeconds { get; set; } = 30;

    /// <summary>Time for one attempt, in seconds.</summary>
    [Range(0.05, 600)]
    public double AttemptTimeoutSeconds { get; set; } = 10;

    /// <summary>Attempts after the first; 0 turns retries off.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 3;

    /// <summary>The first delay, in seconds; it doubles, with jitter.</summary>
    [Range(0.001, 60)]
    public double RetryDelaySeconds { get; set; } = 0.2;

    /// <summary>The longest delay, in seconds. A longer Retry-After means no retry.</summary>
    [Range(0.001, 300)]
    public double LongestRetryDelaySeconds { get; set; } = 5;

    /// <summary>Retries as a share of the requests to one target: what keeps retries from becoming the outage.</summary>
    [Range(0, 1)]
    public double RetryBudgetRatio { get; set; } = 0.2;

    /// <summary>Retries that a quiet target has saved up.</summary>
    [Range(0, 1000)]
    public int RetryBudgetBurst { get; set; } = 10;

    /// <summary>Share of failed requests at which the circuit to a target opens.</summary>
    [Range(0.01, 1)]
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>Requests within the sampling time below which the circuit stays closed.</summary>
    [Range(2, 10_000)]
    public int BreakerMinimumRequests { get; set; } = 10;

    /// <summary>The time over which failures are counted, in seconds.</summary>
    [Range(0.5, 600)]
    public double BreakerSamplingSeconds { get; set; } = 30;

    /// <summary>The time an open circuit refuses requests, in seconds.</summary>
    [Range(0.5, 600)]
    public double BreakerOpenSeconds { get; set; } = 5;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AttemptTimeoutSeconds > TotalTimeoutSeconds)
        {
            yield return new ValidationResult("it must not be longer than TotalTimeoutSeconds", [nameof(AttemptTimeoutSeconds)]);
        }
    }
}
