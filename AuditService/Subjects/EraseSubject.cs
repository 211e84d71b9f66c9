using System.ComponentModel.DataAnnotations;
using System.Globalization;
using AuditService.Data;
using AuditService.DeadLetters;
using AuditService.Evidence;
using AuditService.Reading;
using AuditService.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.Subjects;

/// <summary>
/// Takes out of the records by and about one person what can be personal. The digest of it stays, so the leaves still
/// belong to the records and every proof holds; without the salt nobody can find out by trying what was there. The ids
/// stay too: they name nobody once the account is gone. Dead letters lose it as well. What a legal hold covers is left alone.
/// </summary>
internal static class EraseSubject
{
    private const int Batch = 1000;

    private const string Erasable =
        """
        WHERE tenant_id = $1 AND (actor_id = $2 OR resource_id = $2) AND action <> 'audit.subject_erased'
            AND salt IS NOT NULL AND (id, occurred_at) > ($3, $4) AND NOT EXISTS (
            SELECT FROM audit_holds hold
            WHERE hold.released_at IS NULL AND hold.tenant_id = audit_records.tenant_id
                AND (hold.subject IS NULL OR hold.subject IN (audit_records.actor_id, audit_records.resource_id))
                AND (hold.covers_from IS NULL OR audit_records.occurred_at >= hold.covers_from)
                AND (hold.covers_to IS NULL OR audit_records.occurred_at < hold.covers_to))
        ORDER BY id, occurred_at LIMIT 1000
        """;

    private const string Erase =
        """
        UPDATE audit_records record SET
            salt = NULL, personal_digest = erased.digest, actor_name = NULL, address = NULL, user_agent = NULL, session_id = NULL,
            path = NULL, before = NULL, after = NULL, detail = NULL, search = array_to_tsvector(string_to_array(erased.words, ' '))
        FROM unnest($1, $2, $3, $4) AS erased (id, at, digest, words)
        WHERE record.id = erased.id AND record.occurred_at = erased.at AND record.salt IS NOT NULL
        """;

    public static async Task<Ok<Erasure>> HandleAsync(
        [StringLength(200), PlainText] string id,
        ErasureRequest request,
        AuditDbContext database,
        Caller caller,
        DeadLetterMetrics metrics,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        await using (var hold = new NpgsqlCommand("LOCK TABLE audit_holds IN SHARE MODE", connection))
        {
            await hold.ExecuteNonQueryAsync(cancellationToken);
        }

        var erased = 0;
        var (lastId, lastAt) = (Guid.Empty, DateTimeOffset.MinValue);
        List<StoredRow> rows;
        do
        {
            rows = await StoredRows.ReadAsync(connection, Erasable, [caller.TenantId, id, lastId, lastAt], cancellationToken);
            erased += rows.Count == 0 ? 0 : await EraseAsync(connection, rows, cancellationToken);
            (lastId, lastAt) = rows.Count == 0 ? (lastId, lastAt) : (rows[^1].Row.Id, rows[^1].Row.OccurredAt);
        }
        while (rows.Count == Batch);

        var letters = await EraseDeadLetters.RunAsync(database, id, caller, time.GetUtcNow(), cancellationToken);
        database.AddEvent(
            new AuditRecorded(
                caller.Envelope(), AuditActions.SubjectErased, "audit_subject", id, AuditSeverity.Warning, AuditResult.Success,
                Detail: new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["records"] = erased.ToString(CultureInfo.InvariantCulture),
                    ["deadLetters"] = letters.Count.ToString(CultureInfo.InvariantCulture),
                    ["reason"] = request.Reason,
                }),
            $"{AuditActions.SubjectErased}:{id}");
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        letters.FindAll(letter => letter.Ended).ForEach(letter => metrics.Discarded(letter.Queue));
        return TypedResults.Ok(new Erasure(erased, letters.Count));
    }

    private static async Task<int> EraseAsync(NpgsqlConnection connection, List<StoredRow> rows, CancellationToken cancellationToken)
    {
        var leaf = new RecordLeaf();
        await using var command = new NpgsqlCommand(Erase, connection)
        {
            Parameters =
            {
                new() { Value = rows.Select(row => row.Row.Id).ToArray() },
                new() { Value = rows.Select(row => row.Row.OccurredAt).ToArray() },
                new() { Value = rows.Select(row => leaf.Personal(row.Row, row.Salt)).ToArray() },
                new() { Value = rows.Select(row => string.Join(' ', SearchWords.Of(Open(row.Row)))).ToArray() },
            },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static AuditRow Open(AuditRow row) => row with
    {
        ActorName = null,
        Address = null,
        UserAgent = null,
        SessionId = null,
        Path = null,
        Before = null,
        After = null,
        Detail = null,
    };
}

/// <summary>Why somebody's data is erased.</summary>
public sealed class ErasureRequest
{
    [Required, StringLength(500, MinimumLength = 3), PlainText]
    public string Reason { get; init; } = "";
}

/// <summary>What was done.</summary>
/// <param name="Records">Records whose personal part was erased.</param>
/// <param name="DeadLetters">Messages that consumers gave up whose personal part was erased; those with nothing else are discarded.</param>
internal sealed record Erasure(int Records, int DeadLetters);
