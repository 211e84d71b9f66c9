using System.ComponentModel.DataAnnotations;

namespace IdentityService.Authorization;

/// <summary>Section <c>Authorization</c>: how long a sign-in through an application may take.</summary>
internal sealed class AuthorizationOptions
{
    /// <summary>Of an authorization code (RFC 6749 section 4.1.2 allows ten minutes).</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan CodeLife { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Of a pushed request, until the browser brings it.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan PushedRequestLife { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>For the user, to sign in or to consent.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "01:00:00")]
    public TimeSpan InteractionLife { get; init; } = TimeSpan.FromMinutes(10);
}
