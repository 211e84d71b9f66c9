namespace IdentityService.Sessions;

/// <summary>Which kind of sign-in a session is.</summary>
public enum SessionKind
{
    /// <summary>By the platform's own API.</summary>
    Platform,

    /// <summary>On the pages, in a browser.</summary>
    Browser,

    /// <summary>Of an application that the user let in.</summary>
    Application,
}

/// <summary>An application that has a session.</summary>
/// <param name="Id"><c>client_id</c>.</param>
/// <param name="Name">As users were shown it.</param>
public sealed record SessionClient(Guid Id, string Name);

/// <summary>A session, for its owner or an administrator.</summary>
/// <param name="Id"><c>sid</c>; to end it by.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Device">The user agent in a few words; what a client says of itself.</param>
/// <param name="UserAgent">Word for word, cut to 512 characters.</param>
/// <param name="Address">The client's address when last seen.</param>
/// <param name="Client">The application, null for the platform's own.</param>
/// <param name="ParentId">The sign-in in a browser that an application's session hangs on, and ends with.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="LastSeenAt">UTC, up to a minute behind: the last sign-in, refresh or request for the own account.</param>
/// <param name="ExpiresAt">UTC.</param>
/// <param name="Current">Whether it is the one that asks.</param>
public sealed record SessionView(
    Guid Id,
    SessionKind Kind,
    string Device,
    string? UserAgent,
    string? Address,
    SessionClient? Client,
    Guid? ParentId,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastSeenAt,
    DateTimeOffset ExpiresAt,
    bool Current)
{
    internal static SessionView Of(Session session, string? clientName, string? current) => new(
        session.Id,
        session.ClientId is not null ? SessionKind.Application : session.CookieHash is not null ? SessionKind.Browser : SessionKind.Platform,
        DeviceName.Of(session.UserAgent),
        session.UserAgent,
        session.Address,
        session.ClientId is { } client ? new SessionClient(client, clientName ?? "") : null,
        session.ParentId,
        session.CreatedAt,
        session.LastSeenAt,
        session.ExpiresAt,
        session.Id.ToString() == current);
}
