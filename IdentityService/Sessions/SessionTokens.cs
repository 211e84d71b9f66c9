using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using IdentityService.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>Begins sessions and issues their tokens.</summary>
internal sealed class SessionTokens(
    IdentityDb database, AccessTokenIssuer issuer, AdministratorRule administrators, IOptions<TokenOptions> options, Caller caller, TimeProvider time)
{
    /// <summary><c>client_id</c> of tokens from the platform's own sign-in.</summary>
    public const string FirstParty = "platform";

    /// <summary>Adds a session of the platform's own sign-in with its first refresh token.</summary>
    public (Session Session, byte[] RefreshToken) Begin(User user, string[] methods)
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
        session.Authenticated(now, methods);
        return (session, Add(session));
    }

    /// <summary>Adds a session of an application, with a refresh token if it may have one.</summary>
    public (Session Session, byte[]? RefreshToken) Begin(Client client, User user, string[] scopes, Session parent)
    {
        var now = time.GetInstant();
        var session = new Session
        {
            Id = Guid.CreateVersion7(now),
            UserId = user.Id,
            TenantId = user.TenantId,
            ClientId = client.Id,
            Scopes = scopes,
            ParentId = parent.Id,
            NoticeDueAt = client.BackChannelLogoutUri is null ? null : now,
            Epoch = user.Epoch,
            CreatedAt = now,
            ExpiresAt = now + options.Value.SessionLife,
        };
        session.AuthenticatedAs(parent);
        if (client.Allows(RefreshTokenGrant.Grant))
        {
            return (session, Add(session));
        }

        Seen(session);
        return (session, null);
    }

    /// <summary>Adds a refresh token; it expires with the session at the latest.</summary>
    public void Add(Session session, byte[] token, RefreshToken? parent) =>
        database.RefreshTokens.Add(SuccessorOf(session, token, parent));

    /// <summary>The row of a refresh token, not added.</summary>
    public RefreshToken SuccessorOf(Session session, byte[] token, RefreshToken? parent)
    {
        var now = time.GetInstant();
        var expires = now + options.Value.RefreshTokenLife;
        return new RefreshToken
        {
            Id = Guid.CreateVersion7(now),
            SessionId = session.Id,
            TenantId = session.TenantId,
            ParentId = parent?.Id,
            Hash = RefreshTokenFormat.Hash(token),
            CreatedAt = now,
            ExpiresAt = expires < session.ExpiresAt ? expires : session.ExpiresAt,
        };
    }

    /// <summary>
    /// An access token for the session, with what the user may do now: for an application only what was granted to it, and
    /// no roles, which would say more.
    /// </summary>
    /// <param name="user">Whose session it is.</param>
    /// <param name="session">The session.</param>
    /// <param name="narrowed">A part of its scopes; null for all.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<(IssuedToken Token, IReadOnlyList<string> Scopes)> IssueAsync(
        User user, Session session, IReadOnlyList<string>? narrowed, CancellationToken cancellationToken) =>
        Issue(user, session, narrowed, await database.RolesOfAsync(user.Id, cancellationToken));

    /// <summary>The same, where the user's usable roles are known.</summary>
    public (IssuedToken Token, IReadOnlyList<string> Scopes) Issue(
        User user, Session session, IReadOnlyList<string>? narrowed, IReadOnlyList<string> usable)
    {
        var roles = administrators.Cut(usable, session.SecondFactorAt is not null);
        var scopes = session.Scopes is { } granted ? GrantedScopes.Of(narrowed ?? granted, roles) : Role.ScopesOf(roles);
        var token = issuer.Issue(new TokenSubject(
            user.Id.ToString(),
            session.ClientId?.ToString() ?? FirstParty,
            user.TenantId,
            session.Id,
            user.UserName,
            scopes,
            session.ClientId is null ? roles : [],
            user.Epoch)
        {
            Authentication = new UserAuthentication(session.AuthenticatedAt, AuthenticationLevels.Of(session), session.Methods),
        });
        return (token, scopes);
    }

    private byte[] Add(Session session)
    {
        Seen(session);
        var token = RefreshTokenFormat.Random();
        Add(session, token, parent: null);
        return token;
    }

    private void Seen(Session session)
    {
        session.Seen(session.CreatedAt, caller.Address, caller.UserAgent);
        database.Sessions.Add(session);
    }
}
