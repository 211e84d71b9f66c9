namespace NotificationService.Delivery;

/// <summary>
/// Doubles from attempt to attempt up to a limit, and takes a random half of it: after an outage the mails of a whole
/// night do not all come at the same second.
/// </summary>
internal static class RetryDelay
{
    public static TimeSpan After(int attempts, DeliveryOptions options, Random random)
    {
        var full = Math.Min(
            options.LongestDelay.TotalMilliseconds,
            options.FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 40)));
        return TimeSpan.FromMilliseconds(full * (0.5 + (random.NextDouble() / 2)));
    }
}
