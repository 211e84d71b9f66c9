using System.ComponentModel.DataAnnotations;
using AuditService.Reading;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Paging;

namespace AuditService.DeadLetters;

/// <summary>Which dead letters; every part narrows it.</summary>
public class DeadLetterRange
{
    /// <summary>The queue they were given up in.</summary>
    [StringLength(300), PlainText]
    public string? Queue { get; init; }

    /// <summary>The service whose queue it was.</summary>
    [StringLength(300), PlainText]
    public string? Service { get; init; }

    /// <summary>Name of the event, for example UserRegistered.</summary>
    [StringLength(300), PlainText]
    public string? EventType { get; init; }

    /// <summary>Type of the exception.</summary>
    [StringLength(300), PlainText]
    public string? FaultType { get; init; }

    public Guid? TenantId { get; init; }

    /// <summary>Given up from this instant on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Given up before this instant.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>At most so many.</summary>
    [Range(1, PageLimits.Most)]
    public int? Limit { get; init; }

    internal bool IsEverything =>
        Queue is null && Service is null && EventType is null && FaultType is null && TenantId is null && From is null && To is null;

    internal IQueryable<DeadLetter> Apply(IQueryable<DeadLetter> letters, string state)
    {
        letters = letters.Where(letter => letter.State == state);
        letters = Queue is { } queue ? letters.Where(letter => letter.Queue == queue) : letters;
        letters = Service is { } service ? letters.Where(letter => letter.Service == service) : letters;
        letters = EventType is { } type ? letters.Where(letter => letter.EventType == type) : letters;
        letters = FaultType is { } fault ? letters.Where(letter => letter.FaultType == fault) : letters;
        letters = TenantId is { } tenant ? letters.Where(letter => letter.TenantId == tenant) : letters;
        letters = From?.ToUniversalTime() is { } from ? letters.Where(letter => letter.FailedAt >= from) : letters;
        return To?.ToUniversalTime() is { } to ? letters.Where(letter => letter.FailedAt < to) : letters;
    }
}

/// <summary>What to show, newest failure first.</summary>
public sealed class DeadLetterFilter : DeadLetterRange
{
    /// <summary>waiting unless given.</summary>
    [AllowedValues(null, DeadLetterStates.Waiting, DeadLetterStates.Replayed, DeadLetterStates.Discarded, ErrorMessage = "There is no such state.")]
    public string? State { get; init; }

    /// <summary>The event's id: what became of one message in all its queues.</summary>
    public Guid? EventId { get; init; }

    [CursorFormat]
    public string? Cursor { get; init; }

    internal IQueryable<DeadLetter> Apply(IQueryable<DeadLetter> letters)
    {
        letters = Apply(letters, State ?? DeadLetterStates.Waiting);
        letters = EventId is { } id ? letters.Where(letter => letter.EventId == id) : letters;
        return ServiceDefaults.Paging.Cursor.TryParse(Cursor, out var last)
            ? letters.Where(letter => EF.Functions.LessThan(ValueTuple.Create(letter.FailedAt, letter.Id), ValueTuple.Create(last.At, last.Id)))
            : letters;
    }
}
