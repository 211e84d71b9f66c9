using System.Security.Claims;
using Gateway.Revocation;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tokens;

/// <summary>A token whose signature and claims were found good once, with all that each later request needs of it.</summary>
internal sealed class VerifiedToken(AccessToken token, string signature)
{
    public AccessToken Token { get; } = token;

    /// <summary>As it is written: with the digest of what it signs, it tells this token from any other.</summary>
    public string Signature { get; } = signature;

    /// <summary>Under which ids it can be revoked.</summary>
    public RevocableToken Revocable { get; } = RevocableToken.Of(token);

    /// <summary><c>exp</c>, Unix time in milliseconds.</summary>
    public long EndsAt { get; } = token.ExpiresAt.ToUnixTimeMilliseconds();

    /// <summary>The API key that the token was exchanged for; null for any other token.</summary>
    public UInt128? ApiKeyId { get; } = token.KeyId is { } key ? RevocableToken.KeyOf(key) : null;

    /// <summary>Requests a minute that the API key was given; null for the configured ones.</summary>
    public int? ApiKeyLimit { get; } = token.KeyLimit;

    /// <summary>For logs and spans; what the gateway decides, it decides by <see cref="Token"/>.</summary>
    public ClaimsPrincipal Principal => field ??= PrincipalOf(Token);

    /// <summary>For the request audit.</summary>
    public Actor Actor => field ??= new(KindOf(Token), Token.Subject, Token.Name);

    private static ActorKind KindOf(AccessToken token) =>
        token.Scopes.Contains(Scopes.DevicesSelf, StringComparer.Ordinal) ? ActorKind.Device
        : token.Subject == token.ClientId ? ActorKind.Client
        : ActorKind.User;

    private static ClaimsPrincipal PrincipalOf(AccessToken token)
    {
        ClaimsIdentity identity = new("Bearer", ClaimNames.Name, ClaimNames.Role);
        identity.AddClaim(new Claim(ClaimNames.Subject, token.Subject));
        identity.AddClaim(new Claim(ClaimNames.Tenant, token.TenantId.ToString()));
        if (token.SessionId is { } session)
        {
            identity.AddClaim(new Claim(ClaimNames.Session, session));
        }

        return new ClaimsPrincipal(identity);
    }
}
