using System.ComponentModel.DataAnnotations;

namespace Gateway.Routing;

/// <summary>Section <c>Proxying</c>: how requests reach the services, for all routes.</summary>
internal sealed class ProxyingOptions
{
    public const string Section = "Proxying";

    /// <summary>Time until a service's answer begins, uploads included; a route's <c>Deadline</c> replaces it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts for one request, the first included.</summary>
    [Range(1, 5)]
    public int Attempts { get; set; } = 3;

    /// <summary>Retries that requests earn: over time at most this share of them is sent again.</summary>
    [Range(0.0, 1.0)]
    public double RetryShare { get; set; } = 0.1;

    /// <summary>Retries that may be made at once beyond the share.</summary>
    [Range(0, 1000)]
    public int RetryBurst { get; set; } = 10;

    /// <summary>Transport failures in a row after which a destination is left alone.</summary>
    [Range(1, 1000)]
    public int CircuitFailures { get; set; } = 5;

    /// <summary>How long it is left alone; then one failure is enough to leave it alone again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan CircuitPause { get; set; } = TimeSpan.FromSeconds(2);
}
