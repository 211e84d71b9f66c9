using Microsoft.EntityFrameworkCore;

namespace AuditService.DeadLetters;

/// <summary>Dead letters to decide on, in the caller's transaction: two administrators never decide on one at once.</summary>
internal static class LockedDeadLetters
{
    /// <summary>Waits for whoever has it.</summary>
    public static async Task<DeadLetter?> OneAsync(DbSet<DeadLetter> letters, Guid id, CancellationToken cancellationToken) =>
        (await letters.FromSql($"SELECT * FROM dead_letters WHERE id = {id} FOR UPDATE").ToListAsync(cancellationToken)).SingleOrDefault();

    /// <summary>The oldest waiting ones of the range after that place, but those that somebody else has.</summary>
    public static async Task<List<DeadLetter>> NextAsync(
        DbSet<DeadLetter> letters, DeadLetterRange range, DateTimeOffset lastAt, Guid lastId, int most, CancellationToken cancellationToken)
    {
        var ids = await After(letters, range, lastAt, lastId).Take(most).Select(letter => letter.Id).ToArrayAsync(cancellationToken);
        return await letters
            .FromSql(
                $"""
                SELECT * FROM dead_letters WHERE id = ANY ({ids}) AND state = 'waiting'
                ORDER BY failed_at, id FOR UPDATE SKIP LOCKED
                """)
            .ToListAsync(cancellationToken);
    }

    public static Task<bool> AnyAfterAsync(
        DbSet<DeadLetter> letters, DeadLetterRange range, DateTimeOffset lastAt, Guid lastId, CancellationToken cancellationToken) =>
        After(letters, range, lastAt, lastId).AnyAsync(cancellationToken);

    private static IQueryable<DeadLetter> After(DbSet<DeadLetter> letters, DeadLetterRange range, DateTimeOffset lastAt, Guid lastId) =>
        range.Apply(letters, DeadLetterStates.Waiting)
            .Where(letter => EF.Functions.GreaterThan(ValueTuple.Create(letter.FailedAt, letter.Id), ValueTuple.Create(lastAt, lastId)))
            .OrderBy(letter => letter.FailedAt).ThenBy(letter => letter.Id);
}
