using System.ComponentModel.DataAnnotations;

namespace NotificationService.Inbox;

/// <summary>Section <c>Inbox</c>.</summary>
internal sealed class InboxOptions
{
    public const string Section = "Inbox";

    /// <summary>Time between two signs of life on a quiet stream; below the idle timeout of proxies. Also the backstop for a lost signal.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Then the stream ends and the client comes back with a token that is still good.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestStream { get; init; } = TimeSpan.FromMinutes(15);
}
