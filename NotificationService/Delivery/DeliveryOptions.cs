using System.ComponentModel.DataAnnotations;

namespace NotificationService.Delivery;

/// <summary>Section <c>Delivery</c>.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Delivery";

    /// <summary>
    /// How long this process tries to write down the outcome of an attempt. Longer than a lease: while the database is
    /// away nobody else can claim the notification either, and this process does not claim again what it still has.
    /// </summary>
    public static readonly TimeSpan TimeToRecord = TimeSpan.FromMinutes(2);

    /// <summary>From the end of the longest attempt to the end of its lease: a database that restarts is back by then.</summary>
    public static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(10);

    /// <summary>Notifications that one process sends at the same time.</summary>
    [Range(1, 256)]
    public int MostAtOnce { get; init; } = 8;

    /// <summary>The backstop for a lost wake-up, and how exactly a retry keeps its time.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an attempt may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// After that the process that claimed a notification is taken for dead, and another one sends it: how late a mail
    /// can be when its sender is killed.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>With the default delays, 20 attempts are spread over some nine hours.</summary>
    [Range(1, 100)]
    public int MostAttempts { get; init; } = 20;

    /// <summary>Pause after the first failure; doubled with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(5);

    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromHours(1);
}
