using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Clients;

/// <summary>The outcome of checking an assertion.</summary>
/// <param name="Client">The client it names, also when refused; null when there is none.</param>
/// <param name="Refusal">Null when it is good, else why not; for the audit log, the client is told less.</param>
internal readonly record struct AssertionResult(DeviceClient? Client, string? Refusal);

/// <summary>
/// Authentication of a client by a JWT it signed itself (<c>private_key_jwt</c>, RFC 7523 section 3): issuer and subject
/// are the client, the audience is this issuer or its token endpoint, it lives minutes, and it is good once.
/// </summary>
internal sealed class ClientAssertion(
    IdentityDb database, IOptions<AuthenticationOptions> authentication, IOptions<TokenOptions> tokens, TimeProvider time)
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private const int LongestTokenId = 256;

    /// <summary>
    /// Checks an assertion. A good one adds its <c>jti</c> to the context: the save decides whether it was used before, by
    /// the key <see cref="IdentityMapping.UsedAssertionKey"/>.
    /// </summary>
    public async Task<AssertionResult> CheckAsync(string assertion, string? clientId, CancellationToken cancellationToken)
    {
        if (!CompactJws.TryParse(assertion, out var jws))
        {
            return new AssertionResult(null, "malformed");
        }

        if (Text(jws.Payload, "sub") is not { } subject
            || subject != Text(jws.Payload, "iss")
            || (clientId is not null && clientId != subject)
            || !Guid.TryParseExact(subject, "D", out var id)
            || await database.DeviceClients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } client)
        {
            return new AssertionResult(null, "unknown_client");
        }

        if (client.ReadKey() is not { } key)
        {
            return new AssertionResult(client, "decommissioned");
        }

        return new AssertionResult(client, !IsAssertionType(jws.Type) || !key.Verifies(jws) ? "signature" : FaultOf(jws.Payload, id));
    }

    // RFC 8725 section 3.11: a token of another kind, signed with the same key, is no assertion.
    private static bool IsAssertionType(string? type) =>
        type is null
        || type.Equals("JWT", StringComparison.OrdinalIgnoreCase)
        || type.Equals("client-authentication+jwt", StringComparison.OrdinalIgnoreCase);

    private string? FaultOf(JsonElement claims, Guid clientId)
    {
        var now = time.GetInstant();
        var skew = authentication.Value.ClockSkew;
        if (!HasAudience(claims))
        {
            return "audience";
        }

        if (Instant(claims, "exp") is not { } expires || expires + skew <= now)
        {
            return "expired";
        }

        if (expires > now + tokens.Value.AssertionLife + skew)
        {
            return "lives_too_long";
        }

        if ((claims.TryGetProperty("iat", out _) && !(Instant(claims, "iat") <= now + skew))
            || (claims.TryGetProperty("nbf", out _) && !(Instant(claims, "nbf") <= now + skew)))
        {
            return "not_yet_valid";
        }

        if (Text(claims, "jti") is not { Length: > 0 and <= LongestTokenId } tokenId)
        {
            return "no_jti";
        }

        database.UsedAssertions.Add(new UsedAssertion
        {
            ClientId = clientId,
            TokenIdHash = SHA256.HashData(Encoding.UTF8.GetBytes(tokenId)),
            ExpiresAt = expires + (2 * skew),
        });
        return null;
    }

    private bool HasAudience(JsonElement claims)
    {
        string[] own = [authentication.Value.Issuer, IssuerMetadata.Under(authentication.Value, TokenEndpoint.Path)];
        return claims.TryGetProperty("aud", out var audience) && audience.ValueKind switch
        {
            JsonValueKind.String => own.Contains(audience.GetString(), StringComparer.Ordinal),
            JsonValueKind.Array => audience.EnumerateArray()
                .Any(one => one.ValueKind == JsonValueKind.String && own.Contains(one.GetString(), StringComparer.Ordinal)),
            _ => false,
        };
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;

    private static DateTimeOffset? Instant(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.Number
            && claim.TryGetInt64(out var seconds) && seconds is >= 0 and <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}
