using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace AuditService.DeadLetters;

/// <summary>
/// Puts dead letters back into the queue they came from. The order makes a death at any place harmless: locked, published,
/// confirmed, and only then noted as replayed, together with the audit record. Killed before that commit, the letter
/// still waits; replayed again, its consumer's inbox drops what it has handled.
/// </summary>
internal sealed class ReplayDeadLetters(
    AuditDbContext database, ReplayPublisher publisher, DeadLetterMetrics metrics, Caller caller, TimeProvider time)
{
    private const int Batch = 100;
    private const int DefaultLimit = 100;

    public static async Task<Results<Ok<DeadLetterLine>, ProblemHttpResult>> OneAsync(
        Guid id, ReplayDeadLetters replay, CancellationToken cancellationToken)
    {
        await using var transaction = await replay.BeginAsync(cancellationToken);
        if (await LockedDeadLetters.OneAsync(replay.Letters, id, cancellationToken) is not { } letter)
        {
            return DeadLetterProblems.NotFound();
        }

        if (letter.State != DeadLetterStates.Waiting)
        {
            return DeadLetterProblems.Decided(letter);
        }

        var outcome = await replay.PublishAsync([letter], null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return outcome is [{ } code] ? DeadLetterProblems.Refused(code) : TypedResults.Ok(DeadLetterLine.Of(letter));
    }

    public static async Task<Ok<RangeReplay>> RangeAsync(
        ReplayRequest request, ReplayDeadLetters replay, CancellationToken cancellationToken) =>
        TypedResults.Ok(await replay.RunAsync(request, cancellationToken));

    private DbSet<DeadLetter> Letters => database.DeadLetters;

    private Task<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction> BeginAsync(CancellationToken cancellationToken) =>
        database.Database.BeginTransactionAsync(cancellationToken);

    /// <summary>Oldest first, in transactions of a hundred: what is done stays done when the broker goes away.</summary>
    private async Task<RangeReplay> RunAsync(ReplayRequest request, CancellationToken cancellationToken)
    {
        List<RefusedReplay> refused = [];
        var (replayed, limit) = (0, request.Limit ?? DefaultLimit);
        var (lastAt, lastId) = (DateTimeOffset.MinValue, Guid.Empty);
        var left = true;
        for (var seen = 0; left && seen < limit;)
        {
            await using var transaction = await BeginAsync(cancellationToken);
            var letters = await LockedDeadLetters.NextAsync(
                Letters, request, lastAt, lastId, Math.Min(Batch, limit - seen), cancellationToken);
            if (letters is not [.., var last])
            {
                break;
            }

            var outcomes = await PublishAsync(letters, request.Reason, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            replayed += outcomes.Count(code => code is null);
            refused.AddRange(letters.Zip(outcomes).Where(pair => pair.Second is not null)
                .Select(pair => new RefusedReplay(pair.First.Id, pair.First.Queue, pair.Second!)));
            left = !outcomes.Contains(ReplayRefusals.BrokerAway, StringComparer.Ordinal);
            (lastAt, lastId, seen) = (last.FailedAt, last.Id, seen + letters.Count);
            database.ChangeTracker.Clear();
        }

        return new RangeReplay(
            replayed, refused, !left || await LockedDeadLetters.AnyAfterAsync(Letters, request, lastAt, lastId, cancellationToken));
    }

    private async Task<IReadOnlyList<string?>> PublishAsync(
        IReadOnlyList<DeadLetter> letters, string? reason, CancellationToken cancellationToken)
    {
        var outcomes = await publisher.PublishAsync(letters, cancellationToken);
        foreach (var (letter, _) in letters.Zip(outcomes).Where(pair => pair.Second is null))
        {
            letter.Replayed(caller.Subject, time.GetUtcNow(), reason);
            database.NoteReplayed(caller, letter);
            metrics.Replayed(letter.Queue);
        }

        // They are in their queues: the client's going away is no reason not to note it.
        await database.SaveChangesAsync(CancellationToken.None);
        return outcomes;
    }
}

/// <summary>Which to replay, and why. At least one part must narrow it.</summary>
public sealed class ReplayRequest : DeadLetterRange, IValidatableObject
{
    [StringLength(500), PlainText]
    public string? Reason { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsEverything)
        {
            yield return new ValidationResult("Say which: a queue, a service, an event, a fault, a tenant or a time.", [nameof(Queue)]);
        }

        if (From >= To)
        {
            yield return new ValidationResult("The time ends before it begins.", [nameof(To)]);
        }
    }
}

/// <summary>What became of a range.</summary>
/// <param name="Replayed">How many are in their queues again.</param>
/// <param name="Refused">Those that are not; they still wait.</param>
/// <param name="More">Whether the range has others after them.</param>
internal sealed record RangeReplay(int Replayed, IReadOnlyList<RefusedReplay> Refused, bool More);

/// <summary>A dead letter that could not be replayed.</summary>
/// <param name="Id">Which.</param>
/// <param name="Queue">Where it belongs.</param>
/// <param name="Code">Why not: replay_window_passed, queue_gone, queue_refuses or broker_unavailable.</param>
internal sealed record RefusedReplay(Guid Id, string Queue, string Code);
