using System.ComponentModel.DataAnnotations;

namespace IdentityService.SecondFactor;

/// <summary>Section <c>SecondFactor</c>.</summary>
internal sealed class SecondFactorOptions
{
    /// <summary>As which authenticator applications show the platform; no colon, which separates it from the account there.</summary>
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$", ErrorMessage = "must have 1 to 50 letters, digits, spaces, dots, hyphens or underscores")]
    public string IssuerName { get; init; } = "Platform";

    /// <summary>From the right password to the code.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "00:15:00")]
    public TimeSpan ChallengeLife { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>From the QR code to the first code.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "01:00:00")]
    public TimeSpan SetUpLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long ago a user may have proved who they are, for what is dangerous.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "12:00:00")]
    public TimeSpan RecentFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether administrators need a second factor. Without one their tokens then hold no administrator's role or scope,
    /// only what it takes to set one up.
    /// </summary>
    public bool RequiredOfAdministrators { get; init; }
}
