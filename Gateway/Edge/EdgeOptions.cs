using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Gateway.Edge;

/// <summary>Section <c>ForwardedHeaders</c>: who may say where a request really came from.</summary>
internal sealed class TrustedProxyOptions : IValidatableObject
{
    public const string Section = "ForwardedHeaders";

    /// <summary>Networks (CIDR) of the proxies in front; nobody is believed when empty, not even loopback.</summary>
    public string[] TrustedNetworks { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in TrustedNetworks)
        {
            if (!IPNetwork.TryParse(network, out _))
            {
                yield return new ValidationResult("each must be a network such as 10.0.0.0/8", [nameof(TrustedNetworks)]);
            }
        }
    }
}

/// <summary>Section <c>Https</c>.</summary>
internal sealed class HttpsOptions
{
    public const string Section = "Https";

    /// <summary>Whether requests over plain HTTP are sent to HTTPS with 301.</summary>
    public bool Redirect { get; set; }

    /// <summary>The public port of HTTPS.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 443;
}

/// <summary>Section <c>PublicHosts</c>: names under which clients reach the gateway.</summary>
internal sealed class PublicHosts : IValidatableObject
{
    public const string Section = "PublicHosts";

    /// <summary>
    /// Names without port; any when empty. Set them where the gateway redirects to HTTPS or a proxy in front passes on
    /// what clients say in <c>Host</c> or <c>X-Forwarded-Host</c>.
    /// </summary>
    public string[] Names { get; set; } = [];

    public bool Contains(string host) =>
        Names.Length == 0 || Array.Exists(Names, name => name.Equals(host, StringComparison.OrdinalIgnoreCase));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in Names)
        {
            if (Uri.CheckHostName(name.Trim('[', ']')) == UriHostNameType.Unknown)
            {
                yield return new ValidationResult("each must be a host name without port, such as platform.example.com", [nameof(Names)]);
            }
        }
    }
}

/// <summary>Section <c>Cors</c>: which pages of other origins may call the API. None when empty.</summary>
internal sealed class CorsSettings : IValidatableObject
{
    public const string Section = "Cors";

    /// <summary>Origins such as <c>https://console.example.com</c>; a wildcard is not accepted.</summary>
    public string[] Origins { get; set; } = [];

    /// <summary>How long a browser may keep a preflight's answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromMinutes(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in Origins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)
            {
                yield return new ValidationResult("each must be an origin such as https://console.example.com", [nameof(Origins)]);
            }
        }
    }
}
