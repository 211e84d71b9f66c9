using IdentityService.Accounts;
using ServiceDefaults.Data;

namespace IdentityService.Sessions;

/// <summary>One sign-in on one device, and the family of refresh tokens that came from it.</summary>
internal sealed class Session : ITenantOwned
{
    /// <summary>How often at most it is written when it was last seen.</summary>
    public static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    /// <summary><c>sid</c>.</summary>
    public Guid Id { get; init; }

    public Guid UserId { get; init; }

    public Guid TenantId { get; init; }

    /// <summary>
    /// The user's epoch when it began. An earlier one than the user's ends it, also a session that begins at the very
    /// moment in which the password changes.
    /// </summary>
    public long Epoch { get; init; }

    /// <summary>The application it was begun for; null for the platform's own sign-in.</summary>
    public Guid? ClientId { get; init; }

    /// <summary>What the user granted that application; null with every right of the user's.</summary>
    public string[]? Scopes { get; init; }

    /// <summary>The sign-in on the pages that an application's session came from; it ends with that one.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>SHA-256 of the cookie, for a sign-in on the pages.</summary>
    public byte[]? CookieHash { get; private set; }

    /// <summary>UTC; when the user last proved who they are (<c>auth_time</c>).</summary>
    public DateTimeOffset AuthenticatedAt { get; private set; }

    /// <summary>How the user has proved it (<c>amr</c>), by RFC 8176.</summary>
    public string[] Methods { get; private set; } = [];

    /// <summary>UTC; when a second factor was last proved. Null without one.</summary>
    public DateTimeOffset? SecondFactorAt { get; private set; }

    /// <summary>UTC; from when on the application is to hear of its end. Null when it need not, or has.</summary>
    public DateTimeOffset? NoticeDueAt { get; init; }

    /// <summary>How often it was tried to tell it.</summary>
    public int NoticeAttempts { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC, up to <see cref="SeenEvery"/> behind; the last sign-in, refresh or request for the own account.</summary>
    public DateTimeOffset LastSeenAt { get; private set; }

    /// <summary>UTC; no refresh goes beyond it.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The client's address when last seen.</summary>
    public string? Address { get; private set; }

    /// <summary>The client's User-Agent when last seen.</summary>
    public string? UserAgent { get; private set; }

    /// <summary>UTC; null while it lives.</summary>
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>Notes that its owner was here.</summary>
    public void Seen(DateTimeOffset now, string? address, string? userAgent)
    {
        LastSeenAt = now;
        Address = address;
        UserAgent = userAgent;
    }

    /// <summary>The same, unless that was noted a moment ago.</summary>
    public void SeenAgain(DateTimeOffset now, string? address, string? userAgent)
    {
        if (now - LastSeenAt >= SeenEvery)
        {
            Seen(now, address, userAgent);
        }
    }

    /// <summary>Notes that the user has just proved who they are.</summary>
    /// <param name="now">UTC.</param>
    /// <param name="methods">How.</param>
    /// <param name="cookieHash">A new cookie's: an older one, perhaps planted, is of no more use (session fixation).</param>
    public void Authenticated(DateTimeOffset now, string[] methods, byte[]? cookieHash = null)
    {
        AuthenticatedAt = now;
        Methods = methods;
        SecondFactorAt = AuthenticationMethods.HaveSecondFactor(methods) ? now : null;
        CookieHash = cookieHash ?? CookieHash;
    }

    /// <summary>Notes that the user has proved it again within the session, or more of it.</summary>
    public void SteppedUp(DateTimeOffset now, string[] methods)
    {
        AuthenticatedAt = now;
        Methods = [.. Methods.Union(methods, StringComparer.Ordinal)];
        SecondFactorAt = AuthenticationMethods.HaveSecondFactor(methods) ? now : SecondFactorAt;
    }

    /// <summary>Takes over when and how the user proved who they are.</summary>
    public void AuthenticatedAs(Session parent) =>
        (AuthenticatedAt, Methods, SecondFactorAt) = (parent.AuthenticatedAt, parent.Methods, parent.SecondFactorAt);

    /// <summary>Whether its owner can still use it.</summary>
    public bool LivesAt(DateTimeOffset now, User owner) =>
        RevokedAt is null && now < ExpiresAt && Epoch >= owner.Epoch && owner.DisabledAt is null;

    /// <summary>Ends it; false when it had ended before.</summary>
    public bool End(DateTimeOffset now)
    {
        if (RevokedAt is not null)
        {
            return false;
        }

        RevokedAt = now;
        return true;
    }
}
