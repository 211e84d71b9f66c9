using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Authentication;

/// <summary>
/// Decides whether a text is an access token of this platform's issuer: RFC 9068 section 4, hardened by RFC 8725. The
/// gateway and every service use this one.
/// </summary>
public sealed class AccessTokenValidator(
    IVerificationKeys keys, IOptions<AuthenticationOptions> options, TimeProvider time)
{
    /// <summary>Checks form, type, signature, issuer, audience and lifetime, in that order.</summary>
    /// <exception cref="KeysUnavailableException">The keys can't be had; nothing is known about the token.</exception>
    public async ValueTask<AccessTokenResult> ValidateAsync(string token, CancellationToken cancellationToken)
    {
        if (!CompactJws.TryParse(token, out var jws))
        {
            return AccessTokenResult.Refused("The access token is malformed.");
        }

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

        return Read(jws.Payload);
    }

    private AccessTokenResult Read(JsonElement claims)
    {
        var settings = options.Value;
        if (Text(claims, "iss") != settings.Issuer)
        {
            return AccessTokenResult.Refused("The access token is from another issuer.");
        }

        var audiences = Audiences(claims);
        if (!audiences.Contains(settings.Audience, StringComparer.Ordinal))
        {
            return AccessTokenResult.Refused("The access token is for another audience.");
        }

        var now = time.GetUtcNow();
        if (Instant(claims, "exp") is not { } expiresAt || now >= expiresAt + settings.ClockSkew)
        {
            return AccessTokenResult.Refused("The access token has expired.");
        }

        if (Instant(claims, "iat") is not { } issuedAt || now < issuedAt - settings.ClockSkew
            || (claims.TryGetProperty("nbf", out _) && !(Instant(claims, "nbf") - settings.ClockSkew <= now)))
        {
            return AccessTokenResult.Refused("The access token is not valid yet.");
        }

        return Text(claims, "jti") is { Length: > 0 } tokenId
            && Text(claims, "sub") is { Length: > 0 } subject
            && Text(claims, "client_id") is { Length: > 0 } client
            && Guid.TryParse(Text(claims, "tid"), out var tenant)
            && Number(claims, "epoch") is { } epoch
                ? new AccessTokenResult(
                    new AccessToken(
                        tokenId,
                        subject,
                        client,
                        tenant,
                        Text(claims, "sid"),
                        Text(claims, "name"),
                        Text(claims, "scope")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
                        Texts(claims, "roles"),
                        epoch,
                        issuedAt,
                        expiresAt)
                    {
                        Audiences = audiences,
                        KeyId = Text(claims, "key_id"),
                        KeyLimit = Number(claims, "key_limit") is { } limit and > 0 ? (int)Math.Min(limit, int.MaxValue) : null,
                    },
                    null)
                : AccessTokenResult.Refused("The access token lacks a required claim.");
    }

    // One string or an array of them (RFC 7519 section 4.1.3).
    private static string[] Audiences(JsonElement claims) => Text(claims, "aud") is { } one ? [one] : Texts(claims, "aud");

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;

    private static string[] Texts(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.Array
            ? [.. claim.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];

    private static long? Number(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.Number && claim.TryGetInt64(out var number)
            ? number
            : null;

    // Bounds of DateTimeOffset.FromUnixTimeSeconds; beyond them a number is no date (RFC 7519 section 2, NumericDate).
    private static DateTimeOffset? Instant(JsonElement claims, string name) =>
        Number(claims, name) is { } seconds and >= 0 and <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
