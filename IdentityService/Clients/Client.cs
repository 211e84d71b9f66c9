using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;

namespace IdentityService.Clients;

/// <summary>How a client proves who it is.</summary>
internal enum ClientProof
{
    /// <summary>Not at all: a public client, whose users prove themselves (RFC 6749 section 2.1).</summary>
    None,

    /// <summary>By a shared secret.</summary>
    Secret,

    /// <summary>By a JWT signed with its own key (RFC 7523).</summary>
    PrivateKey,
}

/// <summary>An application that may ask for tokens (RFC 6749 section 2), as an administrator registered it.</summary>
internal sealed class Client : ITenantOwned
{
    /// <summary><c>client_id</c>. Chosen here, never by the client, so that it can't equal a user's <c>sub</c> (RFC 9700 section 4.15).</summary>
    public Guid Id { get; init; }

    /// <summary>Whose users may sign in through it, unless it is for <see cref="AllTenants"/>.</summary>
    public Guid TenantId { get; init; }

    /// <summary>Shown to users who are asked for consent.</summary>
    public string Name { get; set; } = "";

    public ClientProof Proof { get; init; }

    /// <summary>SHA-256 of the secret; enough, since the secret is 32 random bytes of ours.</summary>
    public byte[]? SecretHash { get; private set; }

    /// <summary>SHA-256 of the one before, good until <see cref="FormerSecretUntil"/>.</summary>
    public byte[]? FormerSecretHash { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset? FormerSecretUntil { get; private set; }

    /// <summary>Its public keys (RFC 7517 section 5) for <see cref="ClientProof.PrivateKey"/>.</summary>
    public string? KeySet { get; set; }

    /// <summary>Compared character by character (RFC 9700 section 2.1), but for the port of a loopback address.</summary>
    public string[] RedirectUris { get; set; } = [];

    /// <summary>Where a user may be sent after signing out; compared the same way.</summary>
    public string[] PostLogoutRedirectUris { get; set; } = [];

    /// <summary>Where it wants to hear of ended sessions (OpenID Connect Back-Channel Logout 1.0).</summary>
    public string? BackChannelLogoutUri { get; set; }

    /// <summary>As in <c>grant_type</c>.</summary>
    public string[] GrantTypes { get; set; } = [];

    /// <summary>The most it can be given.</summary>
    public string[] Scopes { get; set; } = [];

    /// <summary>The organisation's own: its users are not asked for consent.</summary>
    public bool Trusted { get; set; }

    /// <summary>Whether users of every tenant may sign in through it.</summary>
    public bool AllTenants { get; set; }

    /// <summary>Takes authorization requests only by way of RFC 9126.</summary>
    public bool RequiresPushedRequests { get; set; }

    /// <summary>Carried by the tokens it gets for itself; raised when it is disabled.</summary>
    public long Epoch { get; private set; }

    /// <summary>Grows with every change by an administrator.</summary>
    public long Version { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; null while it may get tokens.</summary>
    public DateTimeOffset? DisabledAt { get; private set; }

    /// <summary>Reads a <c>client_id</c>; there is one way to write each.</summary>
    public static bool TryReadId(string? text, out Guid id) => Guid.TryParseExact(text, "D", out id) && id.ToString() == text;

    public bool Allows(string grantType) => GrantTypes.Contains(grantType, StringComparer.Ordinal);

    /// <summary>Notes a change.</summary>
    public void Changed() => Version++;

    /// <summary>Makes a new secret, which is not kept; the one before stays good for a while.</summary>
    /// <returns>43 characters to show once.</returns>
    public string NewSecret(DateTimeOffset now, TimeSpan overlap)
    {
        FormerSecretHash = overlap > TimeSpan.Zero ? SecretHash : null;
        FormerSecretUntil = FormerSecretHash is null ? null : now + overlap;
        var secret = System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        SecretHash = HashOf(secret);
        Version++;
        return secret;
    }

    /// <summary>Whether it is the secret, or the one before within its time; compared in constant time.</summary>
    public bool HasSecret(string secret, DateTimeOffset now)
    {
        var hash = HashOf(secret);
        var current = SecretHash is not null && CryptographicOperations.FixedTimeEquals(hash, SecretHash);
        var former = FormerSecretHash is not null && CryptographicOperations.FixedTimeEquals(hash, FormerSecretHash);
        return Proof == ClientProof.Secret && (current || (former && now < FormerSecretUntil));
    }

    /// <summary>Keys that its assertions may be signed with.</summary>
    public IReadOnlyList<VerificationKey> ReadKeys()
    {
        if (Proof != ClientProof.PrivateKey || KeySet is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(KeySet);
        return
        [
            .. document.RootElement.GetProperty("keys").EnumerateArray()
                .Select((jwk, at) => VerificationKey.FromJwk(jwk, jwk.TryGetProperty("kid", out _) ? null : $"{at}")).OfType<VerificationKey>(),
        ];
    }

    /// <summary>Keeps it from getting tokens, or lets it again; false when it was so before.</summary>
    public bool Disable(bool disabled, DateTimeOffset now)
    {
        if (disabled == DisabledAt.HasValue)
        {
            return false;
        }

        DisabledAt = disabled ? now : null;
        Epoch += disabled ? 1 : 0;
        return true;
    }

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
