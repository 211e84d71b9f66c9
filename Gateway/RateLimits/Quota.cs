namespace Gateway.RateLimits;

/// <summary>So many requests in any window, with the texts that answers repeat.</summary>
internal sealed record Quota(string Policy, int Permits, int WindowSeconds)
{
    /// <summary>A window is counted in so many parts: usage leaves the count no later than one part after it is a window old.</summary>
    public const int Parts = 20;

    /// <summary>Zero for a policy's; for a limit that a token brought, when that was issued, in Unix seconds.</summary>
    public long Since { get; init; }

    /// <summary>Milliseconds.</summary>
    public long Window => WindowSeconds * 1000L;

    /// <summary>Milliseconds; whole, as windows are whole seconds.</summary>
    public long Part => WindowSeconds * 1000L / Parts;

    /// <summary>
    /// What a gateway may admit before it has heard from Redis how a partition stands. Each gateway but one can exceed
    /// the quota by this, so it is a hundredth.
    /// </summary>
    public int Advance { get; } = Math.Max(1, Permits / 100);

    /// <summary>An item of <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers-11 section 3.1).</summary>
    public string Item { get; } = FormattableString.Invariant($"\"{Policy}\";q={Permits};w={WindowSeconds}");

    public static Quota Of(string policy, PolicySettings settings) => new(policy, settings.Permits, (int)settings.Window.TotalSeconds);

    /// <summary>This gateway's part when it can't share.</summary>
    public int Share(int gateways) => Math.Max(1, Permits / gateways);
}
