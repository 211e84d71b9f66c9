namespace Gateway.Revocation;

/// <summary>
/// What tokens of a subject, client or tenant must at least have, in one word so that it is read whole: the upper half
/// the least epoch, the lower the least time of issue in Unix seconds.
/// </summary>
internal static class RevocationLimit
{
    /// <summary>No token passes, whatever it says.</summary>
    public const uint RefuseAll = uint.MaxValue;

    /// <summary>With neither epoch nor cut-off no token is good; nor beyond 32 bits, which no counter reaches.</summary>
    public static ulong Of(long? epoch, DateTimeOffset? cutoff)
    {
        var least = epoch is null && cutoff is null ? RefuseAll : (uint)Math.Clamp(epoch ?? 0, 0, RefuseAll);
        return ((ulong)least << 32) | SecondsOf(cutoff);
    }

    public static bool Refuses(ulong limit, RevocableToken token) =>
        (uint)(limit >> 32) is var least && (least == RefuseAll || token.Epoch < least) || token.IssuedAt < (uint)limit;

    public static ulong StricterOf(ulong one, ulong other) =>
        ((ulong)Math.Max((uint)(one >> 32), (uint)(other >> 32)) << 32) | Math.Max((uint)one, (uint)other);

    /// <summary>Rounded up: <c>iat</c> has whole seconds, and what was issued within the second of the cut-off is refused.</summary>
    public static uint SecondsOf(DateTimeOffset? instant) =>
        instant is { } at ? (uint)Math.Clamp((at.ToUnixTimeMilliseconds() + 999) / 1000, 0, uint.MaxValue) : 0;
}
