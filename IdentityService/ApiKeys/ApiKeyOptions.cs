using System.ComponentModel.DataAnnotations;

namespace IdentityService.ApiKeys;

/// <summary>Section <c>ApiKeys</c>.</summary>
internal sealed class ApiKeyOptions
{
    /// <summary>The farthest that a key's expiry may be, and where it is when nobody says.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "3650.00:00:00")]
    public TimeSpan LongestLife { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Living keys of one user.</summary>
    [Range(1, 10_000)]
    public int MostPerUser { get; init; } = 50;

    /// <summary>Life of an access token for a key: at most so long does one outlive the owner's change of role.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:05:00")]
    public TimeSpan TokenLife { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Wrong keys a minute from one address before 429.</summary>
    [Range(1, 100_000)]
    public int WrongKeysPerMinute { get; init; } = 30;
}
