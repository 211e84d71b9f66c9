using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Authentication;

/// <summary>Section <c>Authentication</c>.</summary>
public sealed class AuthenticationOptions
{
    /// <summary>The identity service's issuer, as clients see it; compared exactly with <c>iss</c>.</summary>
    [Required, Url]
    public string Issuer { get; init; } = "";

    /// <summary>What <c>aud</c> must contain.</summary>
    [Required]
    public string Audience { get; init; } = "platform";

    /// <summary>Where the verification keys are (RFC 7517), by service discovery.</summary>
    [Required]
    public Uri KeySetAddress { get; init; } = new("http://identity/.well-known/jwks.json");

    /// <summary>Difference between clocks that is forgiven for <c>exp</c>, <c>nbf</c> and <c>iat</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the key set is read anew without a cause.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan KeyRefresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Least time between two reads, so that invented <c>kid</c>s cost little. A token with an unknown one waits for it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:10")]
    public TimeSpan UnknownKeyPause { get; init; } = TimeSpan.FromSeconds(1);
}
