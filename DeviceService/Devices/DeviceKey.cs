using ServiceDefaults.Data;

namespace DeviceService.Devices;

/// <summary>
/// A public key that a device signs, or once signed, with. Rows stay when a key is replaced or its device leaves: the
/// primary key is what keeps a retired or stolen key from coming back as another device.
/// </summary>
internal sealed class DeviceKey : ITenantOwned
{
    /// <summary>RFC 7638, base64url.</summary>
    public required string Thumbprint { get; init; }

    public Guid DeviceId { get; init; }

    public Guid TenantId { get; init; }

    /// <summary>The JWK (RFC 7517) as other services get it.</summary>
    public required string Jwk { get; init; }

    public DateTimeOffset AddedAt { get; init; }
}
