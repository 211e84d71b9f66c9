using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Clients;

namespace IdentityService.ClientRegistration;

/// <summary>What an administrator may set of a client.</summary>
public record ClientSettings
{
    [Required(ErrorMessage = "is required"), StringLength(100, MinimumLength = 1, ErrorMessage = "must be 1 to 100 characters"), PlainText]
    public string? Name { get; init; }

    /// <summary><c>authorization_code refresh_token client_credentials urn:ietf:params:oauth:grant-type:device_code</c>.</summary>
    [Required(ErrorMessage = "is required"), MinLength(1, ErrorMessage = "must name a grant")]
    public IReadOnlyList<string>? GrantTypes { get; init; }

    /// <summary>The most it can be given.</summary>
    [Required(ErrorMessage = "is required"), MinLength(1, ErrorMessage = "must name a scope")]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Compared character by character, but for the port of a loopback address.</summary>
    [MaxLength(50, ErrorMessage = "has too many addresses")]
    public IReadOnlyList<string> RedirectUris { get; init; } = [];

    [MaxLength(50, ErrorMessage = "has too many addresses")]
    public IReadOnlyList<string> PostLogoutRedirectUris { get; init; } = [];

    /// <summary>Told of every ended session.</summary>
    public string? BackChannelLogoutUri { get; init; }

    /// <summary>Its public keys (RFC 7517 section 5), for <c>privateKey</c>.</summary>
    public JsonElement? Jwks { get; init; }

    /// <summary>Its users are not asked for consent.</summary>
    public bool Trusted { get; init; }

    /// <summary>For users of every tenant; a platform administrator's choice.</summary>
    public bool AllTenants { get; init; }

    /// <summary>Takes authorization requests only by way of RFC 9126.</summary>
    public bool RequiresPushedRequests { get; init; }

    internal void ApplyTo(Client client)
    {
        client.Name = Name!;
        client.GrantTypes = [.. GrantTypes!.Distinct(StringComparer.Ordinal)];
        client.Scopes = [.. Scopes!.Distinct(StringComparer.Ordinal)];
        client.RedirectUris = [.. RedirectUris];
        client.PostLogoutRedirectUris = [.. PostLogoutRedirectUris];
        client.BackChannelLogoutUri = BackChannelLogoutUri;
        client.KeySet = Jwks?.GetRawText();
        client.Trusted = Trusted;
        client.AllTenants = AllTenants;
        client.RequiresPushedRequests = RequiresPushedRequests;
        client.Changed();
    }
}

/// <summary>A new client.</summary>
public sealed record CreateClientRequest : ClientSettings
{
    /// <summary><c>none</c> for a public client, <c>secret</c>, or <c>privateKey</c>.</summary>
    [Required(ErrorMessage = "is required"), AllowedValues("none", "secret", "privateKey", ErrorMessage = "must be none, secret or privateKey")]
    public string? Authentication { get; init; }
}

/// <summary>A client's new settings.</summary>
public sealed record UpdateClientRequest : ClientSettings
{
    /// <summary>Keeps it from getting tokens and ends what it has.</summary>
    public bool Disabled { get; init; }
}
