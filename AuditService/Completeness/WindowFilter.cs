using System.ComponentModel.DataAnnotations;
using AuditService.Reading;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Paging;

namespace AuditService.Completeness;

/// <summary>Which windows to show.</summary>
public sealed class WindowFilter
{
    /// <summary>All of them unless given.</summary>
    [AllowedValues(null, RequestWindow.Pending, RequestWindow.Complete, RequestWindow.Gap, ErrorMessage = "There is no such state.")]
    public string? State { get; init; }

    [StringLength(200), PlainText]
    public string? Gateway { get; init; }

    /// <summary>Windows that end after this instant.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Windows that begin before this instant.</summary>
    public DateTimeOffset? To { get; init; }

    [Range(1, PageLimits.Most)]
    public int? Limit { get; init; }

    [CursorFormat]
    public string? Cursor { get; init; }

    internal IQueryable<RequestWindow> Apply(IQueryable<RequestWindow> windows)
    {
        windows = State is { } state ? windows.Where(row => row.State == state) : windows;
        windows = Gateway is { } gateway ? windows.Where(row => row.Gateway == gateway) : windows;
        windows = From?.ToUniversalTime() is { } from ? windows.Where(row => row.WindowTo > from) : windows;
        windows = To?.ToUniversalTime() is { } to ? windows.Where(row => row.WindowFrom < to) : windows;
        if (ServiceDefaults.Paging.Cursor.TryParse(Cursor, out var last))
        {
            var (at, id) = (last.At, last.Id);
            windows = windows.Where(row => EF.Functions.LessThan(ValueTuple.Create(row.WindowTo, row.Id), ValueTuple.Create(at, id)));
        }

        return windows;
    }
}

/// <summary>One window of a gateway.</summary>
/// <param name="Gateway">Which gateway.</param>
/// <param name="Run">The process of it, UUIDv7.</param>
/// <param name="Number">Of the count within the run.</param>
/// <param name="Kind"><c>counted</c>; <c>lost</c>: the count did not come; <c>tail</c>: the process ended before it could count.</param>
/// <param name="State"><c>pending</c>, <c>complete</c> or <c>gap</c>.</param>
/// <param name="From">UTC.</param>
/// <param name="To">UTC.</param>
/// <param name="Missing">Records that were counted and are not in the log.</param>
/// <param name="Dropped">Requests of which the gateway could keep no record.</param>
/// <param name="Miscounted">All records are there, with other results than were counted.</param>
/// <param name="Counted">How many there were, by result; for the platform's administrators.</param>
/// <param name="CheckedAt">When it was compared last.</param>
/// <param name="GapFoundAt">When the gap was told.</param>
/// <param name="GapClosedAt">When late records filled it.</param>
internal sealed record CompletenessWindow(
    string Gateway,
    Guid Run,
    long Number,
    string Kind,
    string State,
    DateTimeOffset From,
    DateTimeOffset To,
    long Missing,
    long Dropped,
    bool Miscounted,
    CountedRequests? Counted,
    DateTimeOffset? CheckedAt,
    DateTimeOffset? GapFoundAt,
    DateTimeOffset? GapClosedAt)
{
    public static CompletenessWindow Of(RequestWindow row, bool withCounts) => new(
        row.Gateway, row.Run, row.Number, row.Kind, row.State, row.WindowFrom, row.WindowTo, row.Missing, row.Dropped, row.Miscounted,
        withCounts ? new CountedRequests(row.Success, row.Denied, row.Failure, row.Unknown) : null,
        row.CheckedAt, row.GapFoundAt, row.GapClosedAt);
}

/// <summary>Records of a window by result; unknown where no count tells it.</summary>
internal sealed record CountedRequests(long Success, long Denied, long Failure, long Unknown);
