using System.ComponentModel.DataAnnotations;

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
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be set: the same 32 characters or more as the identity service's Clients:Gateway:Secret")]
    [MinLength(32, ErrorMessage = "must have at least 32 characters")]
    public string ClientSecret { get; set; } = "";
}
