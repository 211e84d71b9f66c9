using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityService.Accounts;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.OpenId;

/// <summary>
/// Makes ID tokens (OpenID Connect Core 1.0 section 2): what an application may know about how a user signed in. Who the
/// user is beyond <c>sub</c>, it asks at <c>userinfo</c>.
/// </summary>
internal sealed class IdTokenIssuer(
    JwtSigning signing, IOptions<AuthenticationOptions> authentication, IOptions<TokenOptions> tokens, TimeProvider time)
{
    /// <summary><c>typ</c>; other than an access token's, which it can't pass for.</summary>
    public const string Type = "JWT";

    /// <summary>Signs one for the session's application.</summary>
    public string Issue(Session session, User user, string? nonce, string accessToken)
    {
        var now = time.GetUtcNow();
        return signing.Sign(Type, claims =>
        {
            claims.WriteString("iss", authentication.Value.Issuer);
            claims.WriteString("sub", user.Id);
            claims.WriteString("aud", session.ClientId!.Value);
            claims.WriteNumber("iat", now.ToUnixTimeSeconds());
            claims.WriteNumber("exp", (now + tokens.Value.AccessTokenLife).ToUnixTimeSeconds());
            claims.WriteNumber("auth_time", session.AuthenticatedAt.ToUnixTimeSeconds());
            claims.WriteString("sid", session.Id);
            claims.WriteString("at_hash", HashOf(accessToken));
            claims.WriteStartArray("amr");
            foreach (var method in session.Methods)
            {
                claims.WriteStringValue(method);
            }

            claims.WriteEndArray();
            claims.WriteString("acr", AuthenticationLevels.Of(session));
            if (nonce is not null)
            {
                claims.WriteString("nonce", nonce);
            }
        });
    }

    // Section 3.1.3.6: the left half of the hash that the signature's algorithm uses.
    private static string HashOf(string accessToken) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16));
}
