using System.ComponentModel.DataAnnotations;

namespace DeviceService.Connectivity;

/// <summary>Section <c>Connectivity</c>.</summary>
internal sealed class ConnectivityOptions : IValidatableObject
{
    /// <summary>Profiles by name; <see cref="ConnectivityProfile.Default"/> is always there.</summary>
    public Dictionary<string, ConnectivityProfile> Profiles { get; init; } =
        new(StringComparer.Ordinal) { [ConnectivityProfile.Default] = new ConnectivityProfile() };

    /// <summary>Time between two looks for devices that have fallen silent; what a transition can be late by.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Heartbeats that wait for their turn; beyond it a device is asked to come again.</summary>
    [Range(1, 1_000_000)]
    public int QueueCapacity { get; init; } = 10_000;

    /// <summary>Heartbeats of one transaction.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; init; } = 1_000;

    /// <summary>How long the first heartbeat of a batch waits for others to share its commit.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.100")]
    public TimeSpan BatchWindow { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The profile; the default one for a device whose profile is no longer configured.</summary>
    public ConnectivityProfile Of(string profile) => Profiles.GetValueOrDefault(profile) ?? Profiles[ConnectivityProfile.Default];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Profiles.Keys.Any(name => !Devices.LabelAttribute.IsLabel(name, Devices.DeviceLimits.Profile)))
        {
            yield return new ValidationResult("names must be labels of at most 64 characters", [nameof(Profiles)]);
        }
    }
}

/// <summary>How often a device of this profile beats, and when its silence means something.</summary>
internal sealed class ConnectivityProfile : IValidatableObject
{
    public const string Default = "default";

    /// <summary>Time between two heartbeats, told to the device.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which it is late.</summary>
    public TimeSpan LateAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence after which it is offline.</summary>
    public TimeSpan OfflineAfter { get; init; } = TimeSpan.FromSeconds(90);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LateAfter <= Interval)
        {
            yield return new ValidationResult("must be longer than Interval", [nameof(LateAfter)]);
        }

        if (OfflineAfter <= LateAfter)
        {
            yield return new ValidationResult("must be longer than LateAfter", [nameof(OfflineAfter)]);
        }
    }
}
