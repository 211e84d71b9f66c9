using System.ComponentModel.DataAnnotations;

namespace AuditService.Completeness;

/// <summary>Section <c>Completeness</c>.</summary>
internal sealed class CompletenessOptions
{
    public const string Section = "Completeness";

    /// <summary>How long records may come after their count before they are missing.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Time between two comparisons.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(15);
}
