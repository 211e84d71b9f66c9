namespace IdentityService.Keys;

/// <summary>When signing keys are made and end: pure functions of the keys of one algorithm and the time.</summary>
internal static class KeySchedule
{
    /// <summary>How often each replica reads the keys anew.</summary>
    public static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a key that is wanted at once is published before it signs: until nobody has a copy of the key set without
    /// it. Copies are good for 300 s (<see cref="DiscoveryEndpoints"/>), and may come from a replica that has not read the
    /// key yet; the rest is for clocks.
    /// </summary>
    public static readonly TimeSpan Spread = TimeSpan.FromMinutes(6);

    /// <summary>The least notice for a change of plans: every replica has read it before it holds.</summary>
    public static readonly TimeSpan Notice = 3 * ReadEvery;

    /// <summary>
    /// When the next key should begin to sign if one must be made now; null while there is nothing to do. The first key
    /// of all signs at once. A later one is made <see cref="KeyOptions.PublishAhead"/> before its turn and, also when that
    /// was slept through, never signs before it was published that long: the old one goes on instead.
    /// </summary>
    /// <param name="keys">Those of the algorithm.</param>
    /// <param name="firstOfAll">Whether there is no key of another algorithm either, which signs meanwhile.</param>
    /// <param name="now">UTC.</param>
    /// <param name="options">The configured times.</param>
    public static DateTimeOffset? NextActivation(
        IReadOnlyCollection<SigningKey> keys, bool firstOfAll, DateTimeOffset now, KeyOptions options)
    {
        var soonest = now + options.PublishAhead;
        if (keys.Count == 0)
        {
            return firstOfAll ? now : soonest;
        }

        var due = keys.Max(key => key.ActivatesAt) + options.RotateEvery;
        return due > soonest ? null : soonest;
    }

    /// <summary>
    /// When the next key begins to sign if that is wanted now. One that is published already is taken, and only as early
    /// as everyone has it; asked again, the answer stays.
    /// </summary>
    /// <param name="upcoming">The one already published, or null.</param>
    /// <param name="now">UTC.</param>
    public static DateTimeOffset ActivationOnDemand(SigningKey? upcoming, DateTimeOffset now)
    {
        if (upcoming is null)
        {
            return now + Spread;
        }

        var spread = upcoming.CreatedAt + Spread;
        var soonest = spread > now + Notice ? spread : now + Notice;
        return upcoming.ActivatesAt < soonest ? upcoming.ActivatesAt : soonest;
    }
}
