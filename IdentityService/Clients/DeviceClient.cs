using System.Security.Cryptography;
using System.Text.Json;
using IdentityService.Keys;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;

namespace IdentityService.Clients;

/// <summary>
/// A device as a client: it proves itself with its own key. Once decommissioned it stays as a row without a key, so that an
/// enrolment event that arrives late cannot bring it back.
/// </summary>
internal sealed class DeviceClient : ITenantOwned
{
    /// <summary><c>client_id</c> and <c>sub</c>: the device's id.</summary>
    public Guid Id { get; init; }

    public Guid TenantId { get; init; }

    public string? Name { get; private set; }

    /// <summary>Its public key; null once decommissioned.</summary>
    public string? PublicJwk { get; private set; }

    /// <summary>RFC 7638 thumbprint of that key.</summary>
    public string? KeyThumbprint { get; private set; }

    /// <summary>Carried by its access tokens; raised when it is decommissioned.</summary>
    public long Epoch { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset? DecommissionedAt { get; private set; }

    /// <summary>Takes its key; nothing once it is decommissioned.</summary>
    /// <exception cref="FormatException">The key is not one that could verify a signature, or not the one of the thumbprint.</exception>
    /// <exception cref="CryptographicException">The key's numbers are no usable key.</exception>
    public void Enrol(string name, string publicJwk, string keyThumbprint)
    {
        if (DecommissionedAt is not null)
        {
            return;
        }

        using var jwk = JsonDocument.Parse(publicJwk);
        if (VerificationKey.FromJwk(jwk.RootElement, keyThumbprint) is null || JwkThumbprint.Of(jwk.RootElement) != keyThumbprint)
        {
            throw new FormatException($"The key of device {Id} is not usable or does not match its thumbprint.");
        }

        Name = name;
        PublicJwk = publicJwk;
        KeyThumbprint = keyThumbprint;
    }

    /// <summary>Removes its key; false when that was done before.</summary>
    public bool Decommission(DateTimeOffset now)
    {
        if (DecommissionedAt is not null)
        {
            return false;
        }

        DecommissionedAt = now;
        PublicJwk = null;
        KeyThumbprint = null;
        Epoch++;
        return true;
    }

    /// <summary>The key that its assertions must be signed with; null once decommissioned.</summary>
    public VerificationKey? ReadKey()
    {
        if (PublicJwk is null)
        {
            return null;
        }

        using var jwk = JsonDocument.Parse(PublicJwk);
        return VerificationKey.FromJwk(jwk.RootElement, KeyThumbprint);
    }
}

/// <summary>An assertion's <c>jti</c> that was used, kept until the assertion has expired.</summary>
internal sealed class UsedAssertion
{
    public Guid ClientId { get; init; }

    /// <summary>SHA-256 of the <c>jti</c>, whose length is the client's choice.</summary>
    public byte[] TokenIdHash { get; init; } = [];

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}
