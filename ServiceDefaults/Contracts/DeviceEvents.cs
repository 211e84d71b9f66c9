using System.Text.Json.Serialization;

namespace ServiceDefaults.Contracts;

/// <summary>A device enrolled with its own key; the identity service accepts its <c>private_key_jwt</c> from now on.</summary>
/// <param name="Envelope">Who and when.</param>
/// <param name="DeviceId">Also the device's <c>client_id</c> and <c>sub</c>.</param>
/// <param name="Name">The name it gave itself.</param>
/// <param name="PublicKeyJwk">Its public key as a JWK (RFC 7517), without private members.</param>
/// <param name="KeyThumbprint">RFC 7638 thumbprint of that key, base64url.</param>
public sealed record DeviceEnrolled(
    EventEnvelope Envelope, Guid DeviceId, string Name, string PublicKeyJwk, string KeyThumbprint) : IIntegrationEvent;

/// <summary>A device left the fleet; its tokens are refused.</summary>
public sealed record DeviceDecommissioned(EventEnvelope Envelope, Guid DeviceId) : IIntegrationEvent;

/// <summary>A device came online, is late or went offline.</summary>
/// <param name="Envelope">Who and when.</param>
/// <param name="DeviceId">The device.</param>
/// <param name="Name">Its name.</param>
/// <param name="Previous">State before.</param>
/// <param name="Current">State now.</param>
/// <param name="LastSeenAt">UTC instant of the last heartbeat, null before the first.</param>
[OptionalConsumer]
public sealed record DeviceConnectivityChanged(
    EventEnvelope Envelope,
    Guid DeviceId,
    string Name,
    DeviceConnectivity Previous,
    DeviceConnectivity Current,
    DateTimeOffset? LastSeenAt) : IIntegrationEvent;

/// <summary>How recently a device was heard, by its profile's intervals.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeviceConnectivity>))]
public enum DeviceConnectivity
{
    Unknown,
    Online,
    Late,
    Offline,
}
