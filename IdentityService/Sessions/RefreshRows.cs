using IdentityService.Grouping;
using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Messaging;

namespace IdentityService.Sessions;

/// <summary>What an exchange writes: the token used, its successor, where its owner was, the event.</summary>
internal sealed record RefreshRow(
    PresentedToken Presented, RefreshToken Successor, DateTimeOffset Now, string? Address, string? UserAgent, OutboxMessage Event);

/// <summary>
/// Writes exchanges of many sessions in one statement, so that they share one commit. Whatever the exchange of one depends
/// on is asked again under the lock of its session, in the order in which <see cref="RefreshSession"/> takes locks; a
/// session that is locked is passed over, so that nobody waits for another's and two groups never wait for each other.
/// </summary>
internal sealed partial class RefreshRows(NpgsqlDataSource database, ILogger<RefreshRows> logger)
{
    private const string Statement =
        """
        WITH asked AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) AS asked (
                token, session, owner, owner_epoch, tenant, now, address, agent, seen_before, successor, hash, expires,
                event, type, aggregate, partition, payload, trace, at)),
        locked AS (
            SELECT sessions.id FROM sessions JOIN asked ON asked.session = sessions.id
            WHERE sessions.revoked_at IS NULL AND sessions.expires_at > asked.now
            FOR UPDATE OF sessions SKIP LOCKED),
        used AS (
            UPDATE refresh_tokens SET used_at = asked.now
            FROM asked JOIN locked ON locked.id = asked.session
                JOIN users ON users.id = asked.owner AND users.epoch = asked.owner_epoch AND users.disabled_at IS NULL
            WHERE refresh_tokens.id = asked.token AND refresh_tokens.used_at IS NULL
            RETURNING refresh_tokens.id),
        followed AS (
            INSERT INTO refresh_tokens (id, session_id, tenant_id, parent_id, hash, created_at, expires_at)
            SELECT successor, session, tenant, token, hash, now, expires FROM asked JOIN used ON used.id = asked.token),
        seen AS (
            UPDATE sessions SET last_seen_at = asked.now, address = asked.address, user_agent = asked.agent
            FROM asked JOIN used ON used.id = asked.token
            WHERE sessions.id = asked.session AND sessions.last_seen_at <= asked.seen_before),
        told AS (
            INSERT INTO outbox (event_id, type, aggregate, partition, payload, trace_parent, occurred_at)
            SELECT event, type, aggregate, partition, payload, trace, at FROM asked JOIN used ON used.id = asked.token)
        SELECT id FROM used
        """;

    /// <summary>Writes them; true for each that was.</summary>
    public async Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<RefreshRow> rows)
    {
        // The same token twice at once: the one passed over finds it used.
        var first = rows.DistinctBy(static row => row.Presented.Token.Id).ToArray();
        var used = await TryWriteAsync(first);
        return [.. rows.Select(row => used.Contains(row.Presented.Token.Id) && first.Contains(row))];
    }

    private async Task<HashSet<Guid>> TryWriteAsync(RefreshRow[] rows)
    {
        try
        {
            await using var statement = database.CreateCommand(Statement);
            AddColumns(statement, rows);
            await using var reader = await statement.ExecuteReaderAsync();
            HashSet<Guid> used = [];
            while (await reader.ReadAsync())
            {
                used.Add(reader.GetGuid(0));
            }

            return used;
        }
        catch (PostgresException fault)
        {
            // The server's own refusal: none was written, and each is looked at alone.
            LogRefused(logger, rows.Length, fault.SqlState);
            return [];
        }
    }

    private static void AddColumns(NpgsqlCommand statement, RefreshRow[] rows)
    {
        Columns.Add(statement, rows, NpgsqlDbType.Uuid, static row => row.Presented.Token.Id);
        Columns.Add(statement, rows, NpgsqlDbType.Uuid, static row => row.Presented.Session.Id);
        Columns.Add(statement, rows, NpgsqlDbType.Uuid, static row => row.Presented.User.Id);
        Columns.Add(statement, rows, NpgsqlDbType.Bigint, static row => row.Presented.User.Epoch);
        Columns.Add(statement, rows, NpgsqlDbType.Uuid, static row => row.Presented.Session.TenantId);
        Columns.Add(statement, rows, NpgsqlDbType.TimestampTz, static row => row.Now.UtcDateTime);
        Columns.Add(statement, rows, NpgsqlDbType.Varchar, static row => row.Address);
        Columns.Add(statement, rows, NpgsqlDbType.Varchar, static row => row.UserAgent);
        Columns.Add(statement, rows, NpgsqlDbType.TimestampTz, static row => (row.Now - Session.SeenEvery).UtcDateTime);
        Columns.Add(statement, rows, NpgsqlDbType.Uuid, static row => row.Successor.Id);
        Columns.Add(statement, rows, NpgsqlDbType.Bytea, static row => row.Successor.Hash);
        Columns.Add(statement, rows, NpgsqlDbType.TimestampTz, static row => row.Successor.ExpiresAt.UtcDateTime);
        GroupedEvents.AddColumns(statement, [.. rows.Select(static row => row.Event)]);
    }

    [LoggerMessage(1, LogLevel.Information, "A group of {Count} refreshes was refused together ({SqlState}); each goes its own way")]
    private static partial void LogRefused(ILogger logger, int count, string sqlState);
}
