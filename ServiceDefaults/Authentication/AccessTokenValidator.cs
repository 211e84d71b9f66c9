using Microsoft.Extensions.Options;

namespace ServiceDefaults.Authentication;

/// <summary>
/// Decides whether a text is an access token of this platform's issuer: RFC 9068 section 4, hardened by RFC 8725. The
/// gateway and every service use this one.
/// </summary>
public sealed class AccessTokenValidator(
    IVerificationKeys keys, IOptions<AuthenticationOptions> options, TimeProvider time)
{
    private static readonly AccessTokenResult Malformed = AccessTokenResult.Refused("The access token is malformed.");

    /// <summary>Checks form, type, signature, issuer, audience and lifetime, in that order.</summary>
    /// <exception cref="KeysUnavailableException">The keys can't be had; nothing is known about the token.</exception>
    public ValueTask<AccessTokenResult> ValidateAsync(string token, CancellationToken cancellationToken) =>
        SignedText.TryOf(token.AsMemory(), out var text) ? ValidateAsync(text, cancellationToken) : new(Malformed);

    /// <summary>The same.</summary>
    /// <exception cref="KeysUnavailableException">The keys can't be had; nothing is known about the token.</exception>
    public ValueTask<AccessTokenResult> ValidateAsync(in SignedText token, CancellationToken cancellationToken) =>
        CompactJws.TryTakeApart(token, out var jws) ? ValidateAsync(jws, cancellationToken) : new(Malformed);

    private async ValueTask<AccessTokenResult> ValidateAsync(CompactJws jws, CancellationToken cancellationToken)
    {
        // RFC 9068 section 4: any other type, an id token's for one, is refused whatever it says.
        if (!string.Equals(jws.Type, "at+jwt", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(jws.Type, "application/at+jwt", StringComparison.OrdinalIgnoreCase))
        {
            return AccessTokenResult.Refused("The token is not an access token.");
        }

        if (jws.KeyId is null
            || await keys.FindAsync(jws.KeyId, cancellationToken) is not { } key
            || !key.Verifies(jws))
        {
            return AccessTokenResult.Refused("The access token's signature is not valid.");
        }

        return AccessTokenPayload.Read(jws.PayloadOctets.Span) is { } claims
            ? Judge(claims, key.KeyId)
            : Malformed;
    }

    private AccessTokenResult Judge(AccessTokenClaims claims, string signingKey)
    {
        var settings = options.Value;
        if (claims.Issuer != settings.Issuer)
        {
            return AccessTokenResult.Refused("The access token is from another issuer.");
        }

        if (!claims.Audiences.AsSpan().Contains(settings.Audience))
        {
            return AccessTokenResult.Refused("The access token is for another audience.");
        }

        var now = time.GetUtcNow();
        if (Instant(claims.ExpiresAt) is not { } expiresAt || now >= expiresAt + settings.ClockSkew)
        {
            return AccessTokenResult.Refused("The access token has expired.");
        }

        if (Instant(claims.IssuedAt) is not { } issuedAt || now < issuedAt - settings.ClockSkew
            || (claims.HasNotBefore && !(Instant(claims.NotBefore) - settings.ClockSkew <= now)))
        {
            return AccessTokenResult.Refused("The access token is not valid yet.");
        }

        return claims is { TokenId: { Length: > 0 } tokenId, Subject: { Length: > 0 } subject, Client: { Length: > 0 } client, Tenant: { } tenant, Epoch: { } epoch }
            ? new AccessTokenResult(
                new AccessToken(
                    tokenId,
                    subject,
                    client,
                    tenant,
                    claims.Session,
                    claims.Name,
                    claims.Scope?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
                    claims.Roles,
                    epoch,
                    issuedAt,
                    expiresAt)
                {
                    Audiences = claims.Audiences,
                    SigningKey = signingKey,
                    AuthenticatedAt = Instant(claims.AuthenticatedAt),
                    KeyId = claims.ApiKey,
                    KeyLimit = claims.ApiKeyLimit is { } limit and > 0 ? (int)Math.Min(limit, int.MaxValue) : null,
                },
                null)
            : AccessTokenResult.Refused("The access token lacks a required claim.");
    }

    // Bounds of DateTimeOffset.FromUnixTimeSeconds; beyond them a number is no date (RFC 7519 section 2, NumericDate).
    private static DateTimeOffset? Instant(long? claim) =>
        claim is { } seconds and >= 0 and <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
