namespace AuditService.Retention;

/// <summary>SQL about one partition; its name is made of a date, never of what somebody sent.</summary>
internal static class PartitionStatements
{
    /// <summary>Adds day ($1), records ($2), leaves ($3), note ($4) and time ($5).</summary>
    public const string KeepAnchor =
        """
        INSERT INTO audit_anchors (day, number, records, leaves, note, dropped_at)
        SELECT $1, 1 + count(*), $2, $3::int8multirange, $4, $5 FROM audit_anchors WHERE day = $1
        """;

    /// <summary>
    /// Names of partitions before a day ($1), and of those after another ($2): nothing is recorded so far ahead but by a wrong
    /// clock.
    /// </summary>
    public const string Due =
        """
        SELECT name FROM (
            SELECT substring(child.relname FROM '\d{8}$') AS name FROM pg_inherits
            JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent = 'audit_records'::regclass AND child.relname ~ '^audit_records_\d{8}$') days
        WHERE name < $1 OR name > $2 ORDER BY name
        """;

    /// <summary>
    /// Days of the default partition, of which none is made since they are too far from today, whose records were all
    /// received before an instant ($1). They have had their time, whatever day they say.
    /// </summary>
    public const string StrayDays =
        """
        SELECT (occurred_at AT TIME ZONE 'UTC')::date FROM audit_records_default WHERE isfinite(occurred_at)
        GROUP BY 1 HAVING max(received_at) < $1 ORDER BY 1 LIMIT 100
        """;

    /// <summary>Takes a day ($1) out of the statistics: they are of the records that there are.</summary>
    public static readonly string[] ForgetDay =
    [
        "DELETE FROM audit_statistics_actors WHERE day = $1",
        "DELETE FROM audit_statistics_actions WHERE day = $1",
    ];

    /// <summary>Whether a hold that was not released needs a record of it.</summary>
    public static string IsHeld(string table) =>
        $"""
        SELECT EXISTS (
            SELECT FROM audit_holds hold
            WHERE hold.released_at IS NULL AND EXISTS (
                SELECT FROM {table} record
                WHERE record.tenant_id = hold.tenant_id
                    AND (hold.subject IS NULL OR record.actor_id = hold.subject OR record.resource_id = hold.subject)
                    AND (hold.covers_from IS NULL OR record.occurred_at >= hold.covers_from)
                    AND (hold.covers_to IS NULL OR record.occurred_at < hold.covers_to)))
        """;

    /// <summary>Whether a record of it was received from $1 on: a wrong clock must not cost a record its time.</summary>
    public static string HasLate(string table) => $"SELECT EXISTS (SELECT FROM {table} WHERE received_at >= $1)";

    /// <summary>How many records, and which leaves.</summary>
    public static string Leaves(string table) =>
        $$"""
        SELECT count(*), coalesce(range_agg(int8range(leaf_index, leaf_index + 1)) FILTER (WHERE leaf_index IS NOT NULL), '{}')::text
        FROM {{table}}
        """;

    /// <summary>Keeps which leaf each id had, a thousand in a row.</summary>
    public static string KeepPlaces(string table) =>
        $"""
        INSERT INTO audit_dropped (tenant_id, first_id, last_id, ids, leaves)
        SELECT tenant_id, (array_agg(id ORDER BY id))[1], (array_agg(id ORDER BY id DESC))[1],
            array_agg(id ORDER BY id), array_agg(leaf_index ORDER BY id)
        FROM (
            SELECT id, tenant_id, leaf_index, row_number() OVER (PARTITION BY tenant_id ORDER BY id) / 1000 AS part
            FROM {table} WHERE leaf_index IS NOT NULL) numbered
        GROUP BY tenant_id, part
        """;
}
