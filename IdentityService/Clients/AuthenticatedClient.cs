using IdentityService.Accounts;
using IdentityService.Tokens;
using ServiceDefaults.Contracts;

namespace IdentityService.Clients;

/// <summary>Who is at an OAuth endpoint: the gateway, a registered application, or a device.</summary>
/// <param name="Id"><c>client_id</c>.</param>
/// <param name="TenantId">Whose it is.</param>
/// <param name="Registered">The application, null for the others.</param>
/// <param name="Device">The device, null for the others.</param>
internal sealed record AuthenticatedClient(string Id, Guid TenantId, Client? Registered = null, DeviceClient? Device = null)
{
    /// <summary>The platform's own gateway.</summary>
    public static readonly AuthenticatedClient Gateway = new(GatewayClientOptions.Id, Tenants.Default);

    public bool IsGateway => ReferenceEquals(this, Gateway);

    /// <summary>A public client has only said who it is.</summary>
    public bool IsPublic => Registered is { Proof: ClientProof.None };

    /// <summary>As the audit log names it.</summary>
    public Actor Actor => Device is null
        ? new Actor(ActorKind.Client, Id, Registered?.Name ?? Id)
        : new Actor(ActorKind.Device, Id, Device.Name);

    public static AuthenticatedClient Of(Client client) => new(client.Id.ToString(), client.TenantId, Registered: client);

    public static AuthenticatedClient Of(DeviceClient device) => new(device.Id.ToString(), device.TenantId, Device: device);

    /// <summary>For whom the tokens are that it gets for itself (RFC 6749 section 4.4), without a session.</summary>
    public TokenSubject SubjectWith(IReadOnlyList<string> scopes) => new(
        Id, Id, TenantId, SessionId: null, Actor.Name, scopes, Device is null ? [] : [Role.Device], Device?.Epoch ?? Registered?.Epoch ?? 0);
}

/// <summary>The outcome of checking a client's proof.</summary>
/// <param name="Client">Null when refused.</param>
/// <param name="Claimed">Whom a refused one claimed to be, where that one exists.</param>
/// <param name="Refusal">Why; for the audit log, the client is told less.</param>
internal readonly record struct ClientCheck(AuthenticatedClient? Client, AuthenticatedClient? Claimed = null, string? Refusal = null)
{
    /// <summary>It used two ways of proving itself at once (RFC 6749 section 2.3 forbids it).</summary>
    public const string TwoProofs = "two_proofs";

    /// <summary>Whether its tenant is disabled; null where that has not been asked yet.</summary>
    public bool? TenantIsOut { get; init; }

    public static ClientCheck Refused(string reason, AuthenticatedClient? claimed = null) => new(null, claimed, reason);
}
