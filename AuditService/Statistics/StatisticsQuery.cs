using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Data;

namespace AuditService.Statistics;

/// <summary>Counts records within what the caller sees: from the statistics, and one by one what is not in them yet.</summary>
internal sealed class StatisticsQuery(NpgsqlDataSource database, TenantScope tenants)
{
    /// <summary>One page, and how many records there are in all of it.</summary>
    /// <param name="by">One of <see cref="StatisticsKey"/>.</param>
    /// <param name="filter">What to count.</param>
    /// <param name="days">First and last day.</param>
    /// <param name="limit">Lines; one more is read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<(long Total, List<StatisticsLine> Lines)> RunAsync(
        string by, StatisticsFilter filter, (DateOnly From, DateOnly To) days, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Statement(by, filter.UserId is not null));
        AddParameters(command, filter, days, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var total = 0L;
        List<StatisticsLine> lines = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            total = reader.GetInt64(0);
            if (!await reader.IsDBNullAsync(1, cancellationToken))
            {
                lines.Add(new StatisticsLine(reader.GetString(1), reader.GetInt64(2)));
            }
        }

        return (total, lines);
    }

    // Names of columns come from this class alone; everything that somebody sent is a parameter. One statement is one
    // snapshot: the leaf up to which the tables go and the records after it fit together.
    internal static string Statement(string by, bool ofActor)
    {
        var withActors = by == StatisticsKey.User || ofActor;
        var (after, order) = by == StatisticsKey.Day
            ? ("key < $11", "key DESC")
            : ("(records < $10 OR (records = $10 AND key > $11))", "records DESC, key");
        return $"""
            WITH totals AS MATERIALIZED (
                SELECT key, sum(records)::bigint AS records FROM (
                    SELECT {StatisticsKey.Counted(by)} COLLATE "C" AS key, records
                    FROM {(withActors ? "audit_statistics_actors" : "audit_statistics_actions")}
                    WHERE day BETWEEN $1 AND $2 AND ($3::uuid IS NULL OR tenant_id = $3) AND ($4::uuid IS NULL OR tenant_id = $4)
                        AND ($6::text IS NULL OR action = $6) AND ($7::text IS NULL OR severity = $7) AND ($8::text IS NULL OR result = $8)
                        {(withActors ? "AND ($5::text IS NULL OR actor_id = $5)" : "AND $5::text IS NULL")}
                    UNION ALL
                    SELECT {StatisticsKey.Recorded(by)} COLLATE "C", 1
                    FROM audit_records
                    WHERE leaf_index >= (SELECT next FROM audit_statistics_progress)
                        AND occurred_at >= $12 AND occurred_at < $13
                        AND ($3::uuid IS NULL OR tenant_id = $3) AND ($4::uuid IS NULL OR tenant_id = $4)
                        AND ($5::text IS NULL OR actor_id = $5) AND ($6::text IS NULL OR action = $6)
                        AND ($7::text IS NULL OR severity = $7) AND ($8::text IS NULL OR result = $8)) parts
                GROUP BY key)
            SELECT (SELECT coalesce(sum(records), 0)::bigint FROM totals), page.key, page.records
            FROM (SELECT) always LEFT JOIN (
                SELECT key, records FROM totals WHERE $11::text IS NULL OR {after} ORDER BY {order} LIMIT $9) page ON true
            """;
    }

    private void AddParameters(NpgsqlCommand command, StatisticsFilter filter, (DateOnly From, DateOnly To) days, int limit)
    {
        var last = StatisticsCursor.TryParse(filter.Cursor, out var cursor) ? cursor : null as StatisticsCursor?;
        Add(NpgsqlDbType.Date, days.From);
        Add(NpgsqlDbType.Date, days.To);

        // Nobody's, where no tenant was entered.
        Add(NpgsqlDbType.Uuid, tenants.SeesAll ? null : tenants.TenantId ?? Guid.AllBitsSet);
        Add(NpgsqlDbType.Uuid, filter.TenantId);
        Add(NpgsqlDbType.Text, filter.UserId);
        Add(NpgsqlDbType.Text, filter.Action);
        Add(NpgsqlDbType.Text, filter.Severity);
        Add(NpgsqlDbType.Text, filter.Result);
        Add(NpgsqlDbType.Integer, limit + 1);
        Add(NpgsqlDbType.Bigint, last?.Records);
        Add(NpgsqlDbType.Text, last?.Key);
        Add(NpgsqlDbType.TimestampTz, Start(days.From));
        Add(NpgsqlDbType.TimestampTz, days.To == DateOnly.MaxValue ? DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc) : Start(days.To.AddDays(1)));

        void Add(NpgsqlDbType type, object? value) => command.Parameters.Add(new() { NpgsqlDbType = type, Value = value ?? DBNull.Value });
        static DateTime Start(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
    }
}

/// <summary>A line of statistics.</summary>
/// <param name="Key">A day, or an action, a user's id, a severity or a result.</param>
/// <param name="Records">How many records.</param>
internal sealed record StatisticsLine(string Key, long Records);
