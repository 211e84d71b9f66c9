namespace AuditService.Completeness;

/// <summary>SQL over the windows of the gateways. <c>$1</c> is always the time now.</summary>
internal static class WindowStatements
{
    /// <summary>One replica at a time.</summary>
    public const string Lock = "SELECT pg_try_advisory_xact_lock(hashtext('audit_completeness'))";

    /// <summary>Where a count's predecessor never came, a window for all numbers between its neighbours.</summary>
    public const string AddLost =
        """
        INSERT INTO audit_request_windows (
            run, number, id, gateway, kind, window_from, window_to, first, success, denied, failure, unknown, dropped, due_at,
            state, missing, preceded)
        SELECT counted.run, counted.number - 1, gen_random_uuid(), counted.gateway, 'lost',
            coalesce(before.window_to, counted.window_from), counted.window_from,
            coalesce(before.next, 0), 0, 0, 0, greatest(counted.first - coalesce(before.next, 0), 0), 0, $1,
            'pending', greatest(counted.first - coalesce(before.next, 0), 0), true
        FROM audit_request_windows counted
        CROSS JOIN LATERAL (
            SELECT max(window_to) AS window_to, max(first + success + denied + failure + unknown) AS next
            FROM audit_request_windows earlier WHERE earlier.run = counted.run AND earlier.number < counted.number) before
        WHERE NOT counted.preceded AND counted.due_at <= $1 AND counted.number > 0
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Has been done for these.</summary>
    public const string NotePreceded = "UPDATE audit_request_windows SET preceded = true WHERE NOT preceded AND due_at <= $1";

    /// <summary>
    /// Of a process that has ended, which a later one of its gateway or two hours of silence show, a window for what it sent
    /// and could not count any more. How long its numbering was nobody knows; that it has no hole can be seen. $2: as of when
    /// its last records must be.
    /// </summary>
    public const string AddTails =
        """
        INSERT INTO audit_request_windows (
            run, number, id, gateway, kind, window_from, window_to, first, success, denied, failure, unknown, dropped, due_at,
            state, missing, preceded)
        SELECT sent.run, coalesce(last.number + 1, 0), gen_random_uuid(), sent.gateway, 'tail',
            coalesce(last.window_to, sent.begun_at), greatest(sent.ended_at, last.window_to), coalesce(last.next, 0), 0, 0, 0,
            sent.next - coalesce(last.next, 0), 0, $1, 'pending', sent.next - coalesce(last.next, 0), true
        FROM (
            SELECT run, min(gateway) AS gateway, min(begun_at) AS begun_at, max(begun_at) AS ended_at,
                max(received_at) AS received_at, max(next) AS next
            FROM audit_request_numbers GROUP BY run) sent
        CROSS JOIN LATERAL (
            SELECT max(number) AS number, max(window_to) AS window_to, max(first + success + denied + failure + unknown) AS next
            FROM audit_request_windows counted WHERE counted.run = sent.run) last
        WHERE sent.next > coalesce(last.next, 0) AND sent.received_at <= $2 AND (
            sent.received_at <= $1 - interval '2 hours' OR EXISTS (
                SELECT FROM audit_request_windows later
                WHERE later.gateway = sent.gateway AND later.run > sent.run AND later.due_at <= $1))
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Compares the windows that are not complete with the numbers that came, those not looked at for longest first.</summary>
    public const string Decide =
        """
        WITH undecided AS MATERIALIZED (
            SELECT run, number, first, first + success + denied + failure + unknown AS next, success, denied, failure, dropped, kind, state
            FROM audit_request_windows WHERE state IN ('pending', 'gap')
            ORDER BY state DESC, checked_at NULLS FIRST LIMIT 1000),
        found AS (
            SELECT undecided.run, undecided.number, undecided.state AS former,
                undecided.next - undecided.first - coalesce(sum(least(came.next, undecided.next) - greatest(came.first, undecided.first)), 0) AS missing,
                undecided.kind = 'counted' AND NOT coalesce(bool_or(came.first < undecided.first OR came.next > undecided.next), false)
                    AND (coalesce(sum(came.success), 0), coalesce(sum(came.denied), 0), coalesce(sum(came.failure), 0))
                        <> (undecided.success, undecided.denied, undecided.failure) AS differs
            FROM undecided LEFT JOIN audit_request_numbers came
                ON came.run = undecided.run AND came.first < undecided.next AND came.next > undecided.first
            GROUP BY undecided.run, undecided.number, undecided.first, undecided.next, undecided.success, undecided.denied,
                undecided.failure, undecided.kind, undecided.state),
        judged AS (
            SELECT found.run, found.number, former, greatest(missing, 0)::bigint AS missing, missing <= 0 AND differs AS miscounted
            FROM found)
        UPDATE audit_request_windows decided SET
            missing = judged.missing, miscounted = judged.miscounted, checked_at = $1,
            state = CASE
                WHEN judged.missing = 0 AND NOT judged.miscounted AND decided.dropped = 0 AND decided.kind <> 'lost' THEN 'complete'
                WHEN decided.due_at <= $1 OR decided.state = 'gap' THEN 'gap'
                ELSE 'pending' END,
            gap_found_at = CASE
                WHEN (judged.missing > 0 OR judged.miscounted OR decided.dropped > 0 OR decided.kind = 'lost') AND decided.due_at <= $1
                THEN coalesce(decided.gap_found_at, $1) ELSE decided.gap_found_at END,
            gap_closed_at = CASE
                WHEN judged.former = 'gap' AND judged.missing = 0 AND NOT judged.miscounted AND decided.dropped = 0 AND decided.kind <> 'lost'
                THEN $1 END
        FROM judged WHERE decided.run = judged.run AND decided.number = judged.number
        RETURNING decided.gateway, decided.run, decided.number, decided.kind, decided.window_from, decided.window_to,
            judged.former, decided.state, decided.missing, decided.dropped
        """;

    /// <summary>Forgets the numbers of complete windows: runs $1 and numbers $2.</summary>
    public const string Forget =
        """
        DELETE FROM audit_request_numbers came USING unnest($1, $2) AS done (run, number)
        JOIN audit_request_windows complete ON complete.run = done.run AND complete.number = done.number
        WHERE came.run = complete.run AND came.first >= complete.first
            AND came.next <= complete.first + complete.success + complete.denied + complete.failure + complete.unknown
        """;

    /// <summary>What is older than the log itself, $1.</summary>
    public static readonly string[] Expire =
    [
        "DELETE FROM audit_request_windows WHERE window_to < $1",
        "DELETE FROM audit_request_numbers WHERE received_at < $1",
    ];

    /// <summary>The gaps that are open.</summary>
    public const string Open = "SELECT count(*), coalesce(sum(missing), 0)::bigint, coalesce(sum(dropped), 0)::bigint FROM audit_request_windows WHERE state = 'gap'";
}
