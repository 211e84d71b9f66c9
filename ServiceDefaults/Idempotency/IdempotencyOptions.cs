using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Idempotency;

/// <summary>Section <c>Idempotency</c>.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>How long a key is known after its request: what is repeated later is done anew.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long a repetition waits for the first request to end before it is told to come again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:20")]
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);
}
