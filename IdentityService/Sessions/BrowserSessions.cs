using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Pages;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Sessions;

/// <summary>A browser that is signed in on the pages, and as whom.</summary>
internal sealed record BrowserSession(Session Session, User User)
{
    /// <summary>As the audit log names them.</summary>
    public Actor Actor => new(ActorKind.User, User.Id.ToString(), User.UserName);
}

/// <summary>Sign-ins on the pages, known by a cookie: 32 random bytes, stored hashed.</summary>
internal sealed class BrowserSessions(
    IdentityDb database, PageCookies cookies, SessionSightings sightings, IOptions<TokenOptions> options, Caller caller, TimeProvider time)
{
    /// <summary>Who is signed in here; null for nobody.</summary>
    public async Task<BrowserSession?> FindAsync(HttpContext http, CancellationToken cancellationToken)
    {
        if (cookies.Read(http, PageCookies.Session) is not { Length: 43 } cookie)
        {
            return null;
        }

        var hash = HashOf(cookie);
        var now = time.GetInstant();
        if (await database.Sessions.SingleOrDefaultAsync(row => row.CookieHash == hash, cancellationToken) is not { } session
            || await database.Users.SingleOrDefaultAsync(row => row.Id == session.UserId, cancellationToken) is not { } user
            || !session.LivesAt(now, user))
        {
            return null;
        }

        await sightings.NoteAsync(session.Id, session.LastSeenAt, cancellationToken);
        return new BrowserSession(session, user);
    }

    /// <summary>
    /// Notes that a user has proved who they are: the session that the same user has here goes on under a new cookie, else
    /// one begins. The save is the use case's.
    /// </summary>
    public Session SignIn(HttpContext http, User user, BrowserSession? current, string[] methods)
    {
        var now = time.GetInstant();
        var cookie = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var session = current?.User.Id == user.Id ? current.Session : New(user, now);
        session.Authenticated(now, methods, HashOf(cookie));
        session.Seen(now, caller.Address, caller.UserAgent);
        cookies.Write(http, PageCookies.Session, cookie);
        return session;
    }

    private Session New(User user, DateTimeOffset now)
    {
        var session = new Session
        {
            Id = Guid.CreateVersion7(now),
            UserId = user.Id,
            TenantId = user.TenantId,
            Epoch = user.Epoch,
            CreatedAt = now,
            ExpiresAt = now + options.Value.BrowserSessionLife,
        };
        database.Sessions.Add(session);
        return session;
    }

    private static byte[] HashOf(string cookie) => SHA256.HashData(Encoding.UTF8.GetBytes(cookie));
}
