using AuditService.Recording;
using Npgsql;

namespace AuditService.Completeness;

/// <summary>
/// Notes, in the transaction that stores the records, which of their gateway's numbers came in. Only those of new records:
/// a second delivery notes nothing, however its batches are cut.
/// </summary>
internal static class RequestNumbers
{
    private const string Insert =
        """
        INSERT INTO audit_request_numbers (run, first, next, gateway, success, denied, failure, begun_at, received_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """;

    /// <summary>The statement for rows about to be stored; null when none of them has a number.</summary>
    public static NpgsqlBatchCommand? Store(IReadOnlyList<AuditRow> rows)
    {
        var parts = Parts(rows);
        return parts.Count == 0 ? null : new NpgsqlBatchCommand(Insert)
        {
            Parameters =
            {
                new() { Value = parts.Select(part => part.Run).ToArray() },
                new() { Value = parts.Select(part => part.First).ToArray() },
                new() { Value = parts.Select(part => part.Next).ToArray() },
                new() { Value = parts.Select(part => part.Gateway).ToArray() },
                new() { Value = parts.Select(part => part.Success).ToArray() },
                new() { Value = parts.Select(part => part.Denied).ToArray() },
                new() { Value = parts.Select(part => part.Failure).ToArray() },
                new() { Value = parts.Select(part => part.BegunAt).ToArray() },
                new() { Value = parts.Select(part => part.ReceivedAt).ToArray() },
            },
        };
    }

    /// <summary>Runs of numbers that follow each other, in the order of the rows.</summary>
    internal static List<NumberedPart> Parts(IReadOnlyList<AuditRow> rows)
    {
        List<NumberedPart> parts = [];
        NumberedPart? open = null;
        foreach (var row in rows)
        {
            if (row.Number is not { } number)
            {
                continue;
            }

            if (open is null || open.Run != number.Run || open.Next != number.Value)
            {
                open = new NumberedPart(number.Run, number.Gateway, number.Value, row.OccurredAt, row.ReceivedAt);
                parts.Add(open);
            }

            open.Add(row.Result);
        }

        return parts;
    }
}

/// <summary>Where a record stands among those of a gateway's process.</summary>
/// <param name="Gateway">Which gateway.</param>
/// <param name="Run">The process of it.</param>
/// <param name="Value">From 0, without a gap.</param>
internal sealed record RequestNumber(string Gateway, Guid Run, long Value);

/// <summary>Some numbers of a run, and the results of their records.</summary>
internal sealed record NumberedPart(Guid Run, string Gateway, long First, DateTimeOffset BegunAt, DateTimeOffset ReceivedAt)
{
    public long Next => First + Success + Denied + Failure;

    public int Success { get; private set; }

    public int Denied { get; private set; }

    public int Failure { get; private set; }

    public void Add(string result)
    {
        switch (result)
        {
            case "success":
                Success++;
                break;
            case "denied":
                Denied++;
                break;
            default:
                Failure++;
                break;
        }
    }
}
