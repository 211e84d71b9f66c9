namespace IdentityService.Operation;

/// <summary>Instants as the database keeps them.</summary>
internal static class Instants
{
    /// <summary>UTC now, cut to PostgreSQL's microsecond, so that what is answered equals what is read later.</summary>
    public static DateTimeOffset GetInstant(this TimeProvider time)
    {
        var now = time.GetUtcNow();
        return new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }
}
