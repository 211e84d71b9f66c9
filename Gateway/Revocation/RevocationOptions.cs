using System.ComponentModel.DataAnnotations;

namespace Gateway.Revocation;

/// <summary>Section <c>Revocation</c>: when what is known about revocations counts as late.</summary>
internal sealed class RevocationOptions
{
    public const string Section = "Revocation";

    /// <summary>Without a heartbeat for this long, the check is degraded and an alarm is raised.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Without a heartbeat for this long, strict routes answer 503. Above the second of <see cref="LateAfter"/>: a pause
    /// of a busy machine must not shut administrators out, as long as no introspection can answer in place of the stream.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan StrictAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Without a heartbeat for this long, every route that needs a token answers 503.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The backstop for a lost wake-up; below the heartbeat's 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:00.250")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(200);
}
