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

    /// <summary><c>AccountLinkIssued</c>, by mail only: whoever can read the inbox is signed in and has proved nothing by it.</summary>
    public static readonly Rule VerifyEmail = new("verify-email", Channel.Email);

    /// <inheritdoc cref="VerifyEmail"/>
    public static readonly Rule ChangeEmail = new("change-email", Channel.Email);

    /// <inheritdoc cref="VerifyEmail"/>
    public static readonly Rule ResetPassword = new("reset-password", Channel.Email);

    /// <inheritdoc cref="VerifyEmail"/>
    public static readonly Rule ReplacePassword = new("replace-password", Channel.Email);

    /// <inheritdoc cref="VerifyEmail"/>
    public static readonly Rule Invitation = new("invitation", Channel.Email);

    /// <summary><c>EmailChanged</c>: the mail goes to the former address.</summary>
    public static readonly Rule EmailChanged = new("email-changed", Channel.Email, Channel.Inbox);

    /// <summary><c>AuditGapFound</c>, to those who run the platform: the addresses of <see cref="AlertOptions"/>.</summary>
    public static readonly Rule AuditGapFound = new("audit-gap-found", Channel.Email);

    /// <summary><c>AuditGapClosed</c>, to the same.</summary>
    public static readonly Rule AuditGapClosed = new("audit-gap-closed", Channel.Email);

    public static readonly IReadOnlyList<Rule> All =
    [
        Welcome, PasswordChanged, VerifyEmail, ChangeEmail, ResetPassword, ReplacePassword, Invitation, EmailChanged,
        AuditGapFound, AuditGapClosed,
    ];
}
