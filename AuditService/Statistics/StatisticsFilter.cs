using System.ComponentModel.DataAnnotations;
using AuditService.Reading;
using ServiceDefaults.Paging;

namespace AuditService.Statistics;

/// <summary>What to count, and by what.</summary>
public sealed class StatisticsFilter : IValidatableObject
{
    private const int MostDays = 3700;
    private const int DaysBack = 30;

    /// <summary><c>day</c> unless given.</summary>
    [AllowedValues(
        null, StatisticsKey.Day, StatisticsKey.Action, StatisticsKey.User, StatisticsKey.Severity, StatisticsKey.Result,
        ErrorMessage = "There are no statistics by that.")]
    public string? By { get; init; }

    /// <summary>First day, of UTC; thirty days with the last one unless given.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day, of UTC; today unless given.</summary>
    public DateOnly? To { get; init; }

    [StringLength(200), PlainText]
    public string? UserId { get; init; }

    [StringLength(100), PlainText]
    public string? Action { get; init; }

    [AllowedValues(null, "info", "notice", "warning", "critical", "unknown", ErrorMessage = "There is no such severity.")]
    public string? Severity { get; init; }

    [AllowedValues(null, "success", "denied", "failure", "unknown", ErrorMessage = "There is no such result.")]
    public string? Result { get; init; }

    /// <summary>For a platform administrator; others have their own tenant only.</summary>
    public Guid? TenantId { get; init; }

    [Range(1, PageLimits.Most)]
    public int? Limit { get; init; }

    [StatisticsCursorFormat]
    public string? Cursor { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (From > To)
        {
            yield return new ValidationResult("The time ends before it begins.", [nameof(To)]);
        }

        if (From is { } from && To is { } to && to.DayNumber - from.DayNumber > MostDays)
        {
            yield return new ValidationResult($"The time is longer than {MostDays} days.", [nameof(To)]);
        }
    }

    /// <summary>First and last day.</summary>
    internal (DateOnly From, DateOnly To) Days(DateOnly today)
    {
        var to = To ?? (From > today ? From.Value : today);
        var from = From ?? (to.DayNumber >= DaysBack ? to.AddDays(1 - DaysBack) : DateOnly.MinValue);
        return (from, to);
    }
}
