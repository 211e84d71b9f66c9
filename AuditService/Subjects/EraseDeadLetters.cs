using System.Text;
using System.Text.Json;
using AuditService.Data;
using AuditService.DeadLetters;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace AuditService.Subjects;

/// <summary>
/// Takes what is personal of somebody out of the dead letters, decided ones too, in the caller's transaction. The fingerprint
/// stays: a message that comes once more does not bring the letter back.
/// </summary>
internal static class EraseDeadLetters
{
    private const int Batch = 100;

    /// <returns>The letters that were changed.</returns>
    public static async Task<List<ErasedLetter>> RunAsync(
        AuditDbContext database, string subject, Caller caller, DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<ErasedLetter> erased = [];
        List<DeadLetter> letters;
        var last = Guid.Empty;
        do
        {
            letters = await NextAsync(database, caller.TenantId, subject, last, cancellationToken);
            foreach (var letter in letters)
            {
                var (hasAny, left) = PersonalParts.Of(letter.EventType, letter.Body, caller.TenantId, subject);
                if (!hasAny)
                {
                    continue;
                }

                var ends = letter.Erase(left, caller.Subject, now);
                if (ends)
                {
                    database.NoteDiscarded(caller, letter);
                }

                erased.Add(new ErasedLetter(letter.Queue, ends));
            }

            last = letters is [.., var end] ? end.Id : last;
            await database.SaveChangesAsync(cancellationToken);
            database.ChangeTracker.Clear();
        }
        while (letters.Count == Batch);

        return erased;
    }

    // The id as a text of JSON, so that nobody is taken for somebody whose id is a part of theirs; encoders differ in what they
    // escape. A batch of the gateway is of every tenant. The tenant's letters are read whole: this is asked for rarely.
    private static Task<List<DeadLetter>> NextAsync(
        AuditDbContext database, Guid tenant, string subject, Guid last, CancellationToken cancellationToken)
    {
        var (plain, escaped) = (Encoding.UTF8.GetBytes($"\"{subject}\""), Encoding.UTF8.GetBytes(JsonSerializer.Serialize(subject)));
        return database.DeadLetters
            .FromSql(
                $"""
                SELECT * FROM dead_letters letter
                WHERE (tenant_id = {tenant} OR event_type = {nameof(RequestsAudited)}) AND id > {last}
                    AND (position({plain} IN body) > 0 OR position({escaped} IN body) > 0)
                    AND NOT EXISTS (
                        SELECT FROM audit_holds hold
                        WHERE hold.released_at IS NULL AND hold.tenant_id = {tenant}
                            AND (hold.subject IS NULL OR hold.subject = {subject})
                            AND (hold.covers_from IS NULL OR coalesce(letter.occurred_at, letter.failed_at) >= hold.covers_from)
                            AND (hold.covers_to IS NULL OR coalesce(letter.occurred_at, letter.failed_at) < hold.covers_to))
                ORDER BY id LIMIT {Batch} FOR UPDATE
                """)
            .ToListAsync(cancellationToken);
    }
}

/// <summary>A letter that lost what was personal.</summary>
/// <param name="Queue">Where it was given up.</param>
/// <param name="Ended">Whether it waited and can no longer be replayed.</param>
internal sealed record ErasedLetter(string Queue, bool Ended);
