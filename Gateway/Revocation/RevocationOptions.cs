using System.ComponentModel.DataAnnotations;

namespace Gateway.Revocation;

/// <summary>Section <c>Revocation</c>: when what is known about revocations counts as late.</summary>
internal sealed class RevocationOptions
{
    public const string Section = "Revocation";

    /// <summary>Without a heartbeat for this long, the check is degraded: an alarm is raised, and strict routes ask introspection.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Without a heartbeat for this long, every route that needs a token answers 503.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The backstop for a lost wake-up; below the heartbeat's 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:00.250")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long an event stream, WebSocket or transfer outlives its token, so that a client can open the next one with a
    /// new token first.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StreamGrace { get; set; } = TimeSpan.FromSeconds(30);
}
