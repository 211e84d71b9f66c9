using System.ComponentModel.DataAnnotations;

namespace AuditService.Statistics;

/// <summary>Section <c>Statistics</c>.</summary>
internal sealed class StatisticsOptions
{
    public const string Section = "Statistics";

    /// <summary>Time between two additions of what was recorded meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Most records of one addition.</summary>
    [Range(100, 1_000_000)]
    public int MostAtOnce { get; init; } = 20_000;
}
