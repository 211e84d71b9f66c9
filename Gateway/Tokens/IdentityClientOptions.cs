using System.ComponentModel.DataAnnotations;
using ServiceDefaults.Hosting;

namespace Gateway.Tokens;

/// <summary>Section <c>Identity</c>: as which client the gateway asks the identity service.</summary>
internal sealed class IdentityClientOptions
{
    public const string Section = "Identity";

    /// <summary>Where the identity service is, by service discovery.</summary>
    [Required]
    public Uri Address { get; set; } = new("http://identity");

    /// <summary>The OAuth client's id.</summary>
    [Required(AllowEmptyStrings = false)]
    public string ClientId { get; set; } = "gateway";

    /// <summary>Its secret, the same as the identity service's <c>Clients:Gateway:Secret</c>.</summary>
    [StrongSecret]
    public string ClientSecret { get; set; } = "";
}
