using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Messaging;

/// <summary>Section <c>Messaging</c>.</summary>
public sealed class MessagingOptions
{
    /// <summary>Rows a relay sends in one transaction.</summary>
    [Range(1, 5000)]
    public int RelayBatch { get; init; } = 500;

    /// <summary>The backstop for a lost wake-up.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan RelayPoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a batch may wait for the broker's confirms before it is given up and tried anew.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ConfirmTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a relay may be silent with a partition in its hands before the database takes it away, for another relay.
    /// Longer than <see cref="ConfirmTimeout"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan RelayLease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Age from which a row of the outbox that this build cannot read is set aside, so that its aggregate goes on. Longer
    /// than a new version takes to be everywhere: until then another instance may be able to send it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan FaultAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often a message may be delivered and not answered before it becomes a dead letter.</summary>
    [Range(1, 1000)]
    public int MostDeliveries { get; init; } = 20;

    /// <summary>Unacknowledged messages a consumer's queue hands out at once.</summary>
    [Range(1, 1000)]
    public ushort Prefetch { get; init; } = 32;

    /// <summary>
    /// How long handled message ids are kept. Longer than any retry or replay, or a replayed message would be applied
    /// twice.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "365.00:00:00")]
    public TimeSpan InboxRetention { get; init; } = TimeSpan.FromDays(30);
}
