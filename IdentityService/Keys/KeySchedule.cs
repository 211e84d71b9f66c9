namespace IdentityService.Keys;

/// <summary>When signing keys are made and end: a pure function of the keys there are and the time.</summary>
internal static class KeySchedule
{
    /// <summary>
    /// When the next key should begin to sign if one must be made now; null while there is nothing to do. The first key
    /// signs at once. A later one is made <see cref="KeyOptions.PublishAhead"/> before its turn and, also when that was
    /// slept through, never signs before it was published that long: the old one goes on instead.
    /// </summary>
    public static DateTimeOffset? NextActivation(IReadOnlyCollection<SigningKey> keys, DateTimeOffset now, KeyOptions options)
    {
        if (keys.Count == 0)
        {
            return now;
        }

        var due = keys.Max(key => key.ActivatesAt) + options.RotateEvery;
        var soonest = now + options.PublishAhead;
        return due > soonest ? null : soonest;
    }
}
