using System.ComponentModel.DataAnnotations;
using AuditService.Recording;
using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using ServiceDefaults.Paging;

namespace AuditService.Reading;

/// <summary>What to show of the log; every part narrows it. Each has an index of its own.</summary>
public sealed class RecordFilter
{
    /// <summary>Who acted: the id of a user, a device or a client.</summary>
    [StringLength(200), PlainText]
    public string? UserId { get; init; }

    /// <summary>The whole dotted name.</summary>
    [StringLength(100), PlainText]
    public string? Action { get; init; }

    [StringLength(100), PlainText]
    public string? ResourceType { get; init; }

    [StringLength(300), PlainText]
    public string? ResourceId { get; init; }

    [AllowedValues(null, "info", "notice", "warning", "critical", "unknown", ErrorMessage = "There is no such severity.")]
    public string? Severity { get; init; }

    [AllowedValues(null, "success", "denied", "failure", "unknown", ErrorMessage = "There is no such result.")]
    public string? Result { get; init; }

    /// <summary>The client's address, written in any way that names it.</summary>
    [StringLength(64), IpAddress]
    public string? Address { get; init; }

    /// <summary>Words, or their beginnings, all of which the record must have.</summary>
    [StringLength(200), PlainText]
    public string? Text { get; init; }

    [StringLength(64), PlainText]
    public string? TraceId { get; init; }

    /// <summary>For a platform administrator; others have their own tenant only.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>From this instant on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this instant.</summary>
    public DateTimeOffset? To { get; init; }

    [Range(1, PageLimits.Most)]
    public int? Limit { get; init; }

    [CursorFormat]
    public string? Cursor { get; init; }

    /// <summary>The filter with a plan that knows which words are common.</summary>
    internal async ValueTask<IQueryable<AuditRecord>> ApplyAsync(
        IQueryable<AuditRecord> records, FrequentWords common, CancellationToken cancellationToken) =>
        Apply(records, Text is null ? [] : await common.AmongAsync(SearchWords.Of(Text), cancellationToken));

    internal IQueryable<AuditRecord> Apply(IQueryable<AuditRecord> records, IReadOnlySet<string>? common = null)
    {
        records = UserId is { } user ? records.Where(row => row.ActorId == user) : records;
        records = Action is { } action ? records.Where(row => row.Action == action) : records;
        records = ResourceType is { } type ? records.Where(row => row.ResourceType == type) : records;
        records = ResourceId is { } id ? records.Where(row => row.ResourceId == id) : records;
        records = Severity is { } severity ? records.Where(row => row.Severity == severity) : records;
        records = Result is { } result ? records.Where(row => row.Result == result) : records;
        records = TraceId is { } trace ? records.Where(row => row.TraceId == trace) : records;
        records = TenantId is { } tenant ? records.Where(row => row.TenantId == tenant) : records;
        if (Address is { } text)
        {
            var address = System.Net.IPAddress.Parse(text).Plain();
            records = records.Where(row => row.Address!.Equals(address));
        }

        return ApplyTime(ApplyText(records, common));
    }

    private IQueryable<AuditRecord> ApplyText(IQueryable<AuditRecord> records, IReadOnlySet<string>? common)
    {
        if (Text is null)
        {
            return records;
        }

        var words = SearchWords.Of(Text);
        if (words.Length == 0)
        {
            return records;
        }

        var often = words.Where(word => common?.Contains(word) == true).ToList();
        if (often.Count == 0 || often.Count == words.Length)
        {
            var every = All(words);
            return records.Where(row => row.Search.Matches(every));
        }

        // What is joined with nothing is no column of an index: the common words are looked for in the rows that have the rare.
        var (rare, frequent) = (All(words.Except(often, StringComparer.Ordinal)), All(often));
        return records.Where(row => row.Search.Matches(rare) && row.Search.Concat(NpgsqlTsVector.Empty).Matches(frequent));
    }

    private static NpgsqlTsQuery All(IEnumerable<string> words) => words
        .Select(word => (NpgsqlTsQuery)new NpgsqlTsQueryLexeme(word, NpgsqlTsQueryLexeme.Weight.None, isPrefixSearch: true))
        .Aggregate((one, other) => new NpgsqlTsQueryAnd(one, other));

    private IQueryable<AuditRecord> ApplyTime(IQueryable<AuditRecord> records)
    {
        if (From?.ToUniversalTime() is { } from)
        {
            records = records.Where(row => row.OccurredAt >= from);
        }

        if (To?.ToUniversalTime() is { } to)
        {
            records = records.Where(row => row.OccurredAt < to);
        }

        if (ServiceDefaults.Paging.Cursor.TryParse(Cursor, out var last))
        {
            var (at, id) = (last.At, last.Id);
            records = records.Where(row => EF.Functions.LessThan(
                ValueTuple.Create(row.OccurredAt, row.Id), ValueTuple.Create(at, id)));
        }

        return records;
    }
}
