namespace DeviceService.Connectivity;

/// <summary>
/// A process that takes heartbeats, and the time for which it is known to have done so. A device can only be blamed for
/// silence while somebody listened.
/// </summary>
internal sealed class Receiver
{
    /// <summary>One for each start of a process.</summary>
    public Guid Id { get; init; }

    /// <summary>Since when it has listened without a break.</summary>
    public DateTimeOffset ReadyAt { get; init; }

    /// <summary>The last instant at which it is known to have listened.</summary>
    public DateTimeOffset AliveAt { get; init; }
}

/// <summary>The times at which at least one process took heartbeats.</summary>
internal static class Coverage
{
    /// <summary>
    /// Since when, up to now, somebody has always listened: begins with the process that asks, and goes back over every
    /// other one that was still listening when that time begins.
    /// </summary>
    public static DateTimeOffset Since(DateTimeOffset readyAt, IEnumerable<Receiver> receivers)
    {
        // Latest end first: what does not reach the beginning found so far can't be reached by an earlier end either.
        foreach (var receiver in receivers.OrderByDescending(one => one.AliveAt))
        {
            if (receiver.AliveAt < readyAt)
            {
                break;
            }

            if (receiver.ReadyAt < readyAt)
            {
                readyAt = receiver.ReadyAt;
            }
        }

        return readyAt;
    }
}
