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

/// <summary>
/// Authentication of a client by a JWT it signed itself (<c>private_key_jwt</c>, RFC 7523 section 3): issuer and subject
/// are the client, the audience is this issuer or its token endpoint, it lives minutes, and it is good once.
/// </summary>
internal sealed class ClientAssertion(
    IdentityDb database, IOptions<AuthenticationOptions> authentication, IOptions<TokenOptions> tokens, TimeProvider time)
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private const int LongestTokenId = 256;

    /// <summary>Checks an assertion. A good one is used up by it.</summary>
    public async Task<ClientCheck> CheckAsync(string assertion, string? clientId, CancellationToken cancellationToken)
    {
        if (!CompactJws.TryParse(assertion, out var jws))
        {
            return ClientCheck.Refused("malformed");
        }

        if (Text(jws.Payload, "sub") is not { } subject
            || subject != Text(jws.Payload, "iss")
            || (clientId is not null && clientId != subject)
            || !Client.TryReadId(subject, out var id)
            || await FindAsync(id, cancellationToken) is not var (client, keys, refusal))
        {
            return ClientCheck.Refused("unknown_client");
        }

        refusal ??= !IsAssertionType(jws.Type) || !keys.Any(key => (jws.KeyId is null || key.KeyId == jws.KeyId || keys.Count == 1) && key.Verifies(jws))
            ? "signature"
            : FaultOf(jws.Payload);
        refusal ??= await UseAsync(id, jws.Payload, cancellationToken) ? null : "replayed";
        return refusal is null ? new ClientCheck(client) : ClientCheck.Refused(refusal, client);
    }

    private async Task<(AuthenticatedClient Client, IReadOnlyList<VerificationKey> Keys, string? Refusal)?> FindAsync(
        Guid id, CancellationToken cancellationToken)
    {
        if (await database.DeviceClients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is { } device)
        {
            return device.ReadKey() is { } key
                ? (AuthenticatedClient.Of(device), [key], null)
                : (AuthenticatedClient.Of(device), [], "decommissioned");
        }

        return await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is { } client
            ? (AuthenticatedClient.Of(client), client.ReadKeys(), client.DisabledAt is null ? null : "disabled")
            : null;
    }

    // The database decides whether it was used before, at once: two requests side by side can't both win.
    private async Task<bool> UseAsync(Guid clientId, JsonElement claims, CancellationToken cancellationToken)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Text(claims, "jti")!));
        var expires = Instant(claims, "exp") + (2 * authentication.Value.ClockSkew);
        return await database.Database.ExecuteSqlAsync(
            $"INSERT INTO used_assertions (client_id, token_id_hash, expires_at) VALUES ({clientId}, {hash}, {expires}) ON CONFLICT DO NOTHING",
            cancellationToken) == 1;
    }

    // RFC 8725 section 3.11: a token of another kind, signed with the same key, is no assertion.
    private static bool IsAssertionType(string? type) =>
        type is null
        || type.Equals("JWT", StringComparison.OrdinalIgnoreCase)
        || type.Equals("client-authentication+jwt", StringComparison.OrdinalIgnoreCase);

    private string? FaultOf(JsonElement claims)
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

        return Text(claims, "jti") is { Length: > 0 and <= LongestTokenId } ? null : "no_jti";
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
