using System.Text.Json.Serialization;

namespace NotificationService.Routing;

/// <summary>A way to reach somebody.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Channel>))]
public enum Channel
{
    Email,
    Inbox,
}

/// <summary>What becomes of an event.</summary>
/// <param name="Kind">The stable name of the notification, also of its template.</param>
/// <param name="Channels">Where it goes.</param>
internal sealed record Rule(string Kind, params IReadOnlyList<Channel> Channels);

/// <summary>The catalogue: every notification that this service makes.</summary>
internal static class Rules
{
    /// <summary><c>UserRegistered</c>.</summary>
    public static readonly Rule Welcome = new("welcome", Channel.Email, Channel.Inbox);

    /// <summary><c>PasswordChanged</c>: the owner hears of it even if it was somebody else.</summary>
    public static readonly Rule PasswordChanged = new("password-changed", Channel.Email, Channel.Inbox);

    public static readonly IReadOnlyList<Rule> All = [Welcome, PasswordChanged];
}
