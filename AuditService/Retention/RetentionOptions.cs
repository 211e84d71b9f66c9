using System.ComponentModel.DataAnnotations;

namespace AuditService.Retention;

/// <summary>Section <c>Retention</c>.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>Whole days that a record is kept after its own.</summary>
    [Range(1, 3650)]
    public int Days { get; init; } = 90;

    /// <summary>Time between two looks for partitions whose time is over.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromHours(1);
}
