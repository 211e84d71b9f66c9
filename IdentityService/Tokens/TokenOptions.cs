using System.ComponentModel.DataAnnotations;

namespace IdentityService.Tokens;

/// <summary>Section <c>Tokens</c>: how long things live.</summary>
internal sealed class TokenOptions
{
    [Range(typeof(TimeSpan), "00:01:00", "01:00:00")]
    public TimeSpan AccessTokenLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Of a refresh token, anew at each rotation.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "30.00:00:00")]
    public TimeSpan RefreshTokenLife { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Of a session, however often it is refreshed.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "365.00:00:00")]
    public TimeSpan SessionLife { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Of a sign-in on the pages, for every client that uses it.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "30.00:00:00")]
    public TimeSpan BrowserSessionLife { get; init; } = TimeSpan.FromHours(12);

    /// <summary>How long a refresh token that was just used gives the same successor once more.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan RefreshGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far ahead the <c>exp</c> of a client assertion may be.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "01:00:00")]
    public TimeSpan AssertionLife { get; init; } = TimeSpan.FromMinutes(5);
}
