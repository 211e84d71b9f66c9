using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>Begins sessions and issues their tokens. Nothing is saved here: the use case saves all of its changes at once.</summary>
internal sealed class SessionTokens(
    IdentityDb database, AccessTokenIssuer issuer, IOptions<TokenOptions> options, Caller caller, TimeProvider time)
{
    /// <summary><c>client_id</c> of tokens from the platform's own sign-in.</summary>
    public const string FirstParty = "platform";

    /// <summary>Adds a session with its first refresh token.</summary>
    public (Session Session, byte[] RefreshToken) Begin(User user)
    {
        var now = time.GetInstant();
        var session = new Session
        {
            Id = Guid.CreateVersion7(now),
            UserId = user.Id,
            TenantId = user.TenantId,
            Epoch = user.Epoch,
            CreatedAt = now,
            ExpiresAt = now + options.Value.SessionLife,
        };
        session.Seen(now, caller.Address, caller.UserAgent);
        database.Sessions.Add(session);
        var token = RefreshTokenFormat.Random();
        Add(session, token, parent: null);
        return (session, token);
    }

    /// <summary>Adds a refresh token; it expires with the session at the latest.</summary>
    public void Add(Session session, byte[] token, RefreshToken? parent)
    {
        var now = time.GetInstant();
        var expires = now + options.Value.RefreshTokenLife;
        database.RefreshTokens.Add(new RefreshToken
        {
            Id = Guid.CreateVersion7(now),
            SessionId = session.Id,
            TenantId = session.TenantId,
            ParentId = parent?.Id,
            Hash = RefreshTokenFormat.Hash(token),
            CreatedAt = now,
            ExpiresAt = expires < session.ExpiresAt ? expires : session.ExpiresAt,
        });
    }

    /// <summary>An access token for the session, with the roles that the user has now.</summary>
    public async Task<IssuedToken> IssueAsync(User user, Guid sessionId, CancellationToken cancellationToken)
    {
        var roles = await database.RolesOfAsync(user.Id, cancellationToken);
        return issuer.Issue(new TokenSubject(
            user.Id.ToString(),
            FirstParty,
            user.TenantId,
            sessionId,
            user.UserName,
            Role.ScopesOf(roles),
            roles,
            user.Epoch));
    }
}
