using System.ComponentModel.DataAnnotations;
using ServiceDefaults.Hosting;

namespace IdentityService.Clients;

/// <summary>Section <c>Clients</c>: the clients that the platform itself consists of, and rules for all others.</summary>
internal sealed class ClientOptions
{
    /// <summary>The gateway: exchanges API keys and asks about tokens.</summary>
    public GatewayClientOptions Gateway { get; init; } = new();

    /// <summary>How long a client's former secret stays good after a new one was made, so that it can be rolled out.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan SecretOverlap { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Whether clients may be called back at addresses that are not public, loopback included: for a platform whose
    /// applications stand in the same network.
    /// </summary>
    public bool PrivateCallbacks { get; init; }
}

/// <summary>Section <c>Clients:Gateway</c>.</summary>
internal sealed class GatewayClientOptions
{
    /// <summary>Its <c>client_id</c>; other clients' are UUIDs, so it can't be anyone else's.</summary>
    public const string Id = "gateway";

    /// <summary>The same as the gateway's <c>Identity:ClientSecret</c>.</summary>
    [StrongSecret]
    public string Secret { get; init; } = "";
}
