using System.Security.Cryptography;

namespace IdentityService.DeviceGrants;

/// <summary>Where a device's request stands.</summary>
internal enum DeviceGrantStatus
{
    Pending,
    Approved,
    Denied,
    Used,
}

/// <summary>The outcome of a poll, in the words of RFC 8628 section 3.5.</summary>
internal enum DevicePoll
{
    AuthorizationPending,
    SlowDown,
    AccessDenied,
    ExpiredToken,
    Granted,
    Invalid,
}

/// <summary>A device without keyboard that waits for its user to allow it in on another one (RFC 8628).</summary>
internal sealed class DeviceGrant
{
    private const string Letters = "BCDFGHJKLMNPQRSTVWXZ"; // section 6.1: no vowels, so no words
    private const int CodeLength = 8;
    private const int SlowerBy = 5;

    public Guid Id { get; init; }

    /// <summary>SHA-256 of the device code, 32 random bytes.</summary>
    public byte[] DeviceCodeHash { get; init; } = [];

    /// <summary>Eight letters, which the user types.</summary>
    public string UserCode { get; init; } = "";

    public Guid ClientId { get; init; }

    public string[] Scopes { get; init; } = [];

    public DeviceGrantStatus Status { get; private set; }

    /// <summary>The sign-in on the pages of the user who decided.</summary>
    public Guid? BrowserSessionId { get; private set; }

    /// <summary>Seconds between two polls.</summary>
    public int Interval { get; private set; } = SlowerBy;

    /// <summary>UTC.</summary>
    public DateTimeOffset? LastPolledAt { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>A new user code: 20^8, 34 bits, which live minutes and are guessed slowly.</summary>
    public static string NewUserCode() => RandomNumberGenerator.GetString(Letters, CodeLength);

    /// <summary>A user code as typed: case and separators don't matter (section 6.1).</summary>
    public static string Normalize(string? typed) => new([.. (typed ?? "").ToUpperInvariant().Where(char.IsAsciiLetter).Take(CodeLength + 1)]);

    /// <summary>A user code as shown.</summary>
    public static string Show(string userCode) => $"{userCode[..(CodeLength / 2)]}-{userCode[(CodeLength / 2)..]}";

    /// <summary>The user's decision.</summary>
    public void Decide(bool allow, Guid browserSession)
    {
        Status = allow ? DeviceGrantStatus.Approved : DeviceGrantStatus.Denied;
        BrowserSessionId = browserSession;
    }

    /// <summary>The device asks. Who asks too soon is told to wait longer, for good.</summary>
    public DevicePoll Poll(DateTimeOffset now)
    {
        var tooSoon = LastPolledAt is { } last && now < last.AddSeconds(Interval);
        LastPolledAt = now;
        if (Status == DeviceGrantStatus.Used)
        {
            return DevicePoll.Invalid;
        }

        if (now >= ExpiresAt)
        {
            return DevicePoll.ExpiredToken;
        }

        if (tooSoon)
        {
            Interval += SlowerBy;
            return DevicePoll.SlowDown;
        }

        if (Status == DeviceGrantStatus.Approved)
        {
            Status = DeviceGrantStatus.Used;
            return DevicePoll.Granted;
        }

        return Status == DeviceGrantStatus.Denied ? DevicePoll.AccessDenied : DevicePoll.AuthorizationPending;
    }
}
