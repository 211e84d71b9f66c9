using System.ComponentModel.DataAnnotations;
using ServiceDefaults.Paging;

namespace AuditService.Reading;

/// <summary>Time range and place in a list whose subject the path names.</summary>
public sealed class RecordSpan
{
    /// <summary>From this instant on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this instant.</summary>
    public DateTimeOffset? To { get; init; }

    [Range(1, PageLimits.Most)]
    public int? Limit { get; init; }

    [CursorFormat]
    public string? Cursor { get; init; }

    internal RecordFilter Filter(RecordFilter subject) => new()
    {
        UserId = subject.UserId,
        ResourceType = subject.ResourceType,
        ResourceId = subject.ResourceId,
        From = From,
        To = To,
        Cursor = Cursor,
    };
}
