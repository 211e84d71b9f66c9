using System.ComponentModel.DataAnnotations;

namespace Gateway.RateLimits;

/// <summary>Section <c>RateLimits</c>. Read again when the configuration changes; what is faulty is refused whole.</summary>
internal sealed class RateLimitOptions
{
    public const string Section = "RateLimits";

    /// <summary>Names of the policies that hold for every route, separated by spaces; a route adds to them or takes off.</summary>
    [Required]
    public string Default { get; set; } = "";

    /// <summary>The policies by name: a lower-case letter, then letters, digits and dashes, 32 at most.</summary>
    public Dictionary<string, PolicySettings> Policies { get; set; } = [];

    /// <summary>How many bits of an IPv6 address make a client. A network gets a /64 at least, so one client owns as many addresses as it likes.</summary>
    [Range(32, 128)]
    public int AddressPrefix { get; set; } = 64;

    /// <summary>
    /// Partitions of one policy in memory, about 300 bytes each. Those beyond it share 256 partitions by hash until
    /// others have gone idle.
    /// </summary>
    [Range(256, 10_000_000)]
    public int MostPartitions { get; set; } = 100_000;

    /// <summary>Gateways that share, as long as Redis has not told how many there are.</summary>
    [Range(1, 1000)]
    public int Gateways { get; set; } = 1;

    /// <summary>Least time between two exchanges with Redis: what a request waits at most when its permits have just run out.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:01")]
    public TimeSpan Pace { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long permits are held for one gateway before the others may have them: also when it has died.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long Redis may take to answer before this gateway goes on with its local share.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromMilliseconds(250);
}

/// <summary>One policy: so many requests of one partition in any window.</summary>
internal sealed class PolicySettings : IValidatableObject
{
    /// <summary>Whose requests count together.</summary>
    [Required]
    [EnumDataType(typeof(PartitionKind))]
    public PartitionKind? Partition { get; set; }

    /// <summary>Requests in any window.</summary>
    [Range(1, 1_000_000_000)]
    public int Permits { get; set; }

    /// <summary>The window: whole seconds, as the answer's headers tell it in seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Window { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Window.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            yield return new ValidationResult("must be whole seconds such as 00:01:00", [nameof(Window)]);
        }
    }
}

/// <summary>Whose requests count together.</summary>
internal enum PartitionKind
{
    /// <summary>The client's address; of IPv6 its network. Checked before the token.</summary>
    Address,

    /// <summary>A person, or a client acting for itself; not with an API key, which has its own.</summary>
    User,

    /// <summary>A device.</summary>
    Device,

    /// <summary>All of a tenant.</summary>
    Tenant,

    /// <summary>An API key; the limit it was given replaces the policy's.</summary>
    ApiKey,
}
