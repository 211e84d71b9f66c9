using AuditService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;

namespace AuditService.DeadLetters;

/// <summary>What waits and why: alike in groups, one by one, one whole.</summary>
internal static class ReadDeadLetters
{
    private const int MostGroups = 200;

    public static async Task<Ok<DeadLetterSummary>> SummarizeAsync(AuditDbContext database, CancellationToken cancellationToken) =>
        TypedResults.Ok(new DeadLetterSummary(await database.DeadLetters
            .Where(letter => letter.State == DeadLetterStates.Waiting)
            .GroupBy(letter => new { letter.Queue, letter.EventType, letter.FaultType })
            .OrderByDescending(group => group.LongCount()).ThenBy(group => group.Key.Queue)
            .Take(MostGroups)
            .Select(group => new DeadLetterGroup(
                group.Key.Queue, group.Key.EventType, group.Key.FaultType, group.LongCount(),
                group.Min(letter => letter.FailedAt), group.Max(letter => letter.FailedAt)))
            .ToListAsync(cancellationToken)));

    public static async Task<Ok<Page<DeadLetterLine>>> ListAsync(
        [AsParameters] DeadLetterFilter filter, AuditDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        await database.NoteReadAsync(caller, null, cancellationToken);
        var limit = filter.Limit ?? PageLimits.Default;
        var rows = await filter.Apply(database.DeadLetters.AsNoTracking())
            .OrderByDescending(letter => letter.FailedAt).ThenByDescending(letter => letter.Id)
            .Take(limit + 1)
            .Select(DeadLetterLine.From)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<DeadLetterLine>.From(rows, limit, row => new Cursor(row.FailedAt, row.Id).ToString()));
    }

    public static async Task<Results<Ok<DeadLetterDocument>, ProblemHttpResult>> ShowAsync(
        Guid id, AuditDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        await database.NoteReadAsync(caller, id, cancellationToken);
        var letter = await database.DeadLetters.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, cancellationToken);
        return letter is null ? DeadLetterProblems.NotFound() : TypedResults.Ok(DeadLetterDocument.Of(letter));
    }
}
