using System.Text.Json;
using IdentityService.Keys;
using IdentityService.OpenId;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.SigningOut;

/// <summary>For whom an ID token was.</summary>
internal sealed record IdTokenSubject(Guid UserId, Guid ClientId, Guid SessionId);

/// <summary>
/// Reads <c>id_token_hint</c>: an ID token of this issuer, also one that has expired (OpenID Connect RP-Initiated Logout
/// 1.0 section 2). It proves nothing but that the application once had it.
/// </summary>
internal sealed class IdTokenHint(KeyRing keys, IOptions<AuthenticationOptions> options)
{
    public async Task<IdTokenSubject?> ReadAsync(string? token, CancellationToken cancellationToken) =>
        token is not null
        && CompactJws.TryParse(token, out var jws)
        && jws is { Type: IdTokenIssuer.Type, KeyId: { } keyId }
        && await keys.FindAsync(keyId, cancellationToken) is { } key
        && key.Verifies(jws)
        && Text(jws.Payload, "iss") == options.Value.Issuer
        && Guid.TryParse(Text(jws.Payload, "sub"), out var user)
        && Guid.TryParse(Text(jws.Payload, "aud"), out var client)
        && Guid.TryParse(Text(jws.Payload, "sid"), out var session)
            ? new IdTokenSubject(user, client, session)
            : null;

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;
}
