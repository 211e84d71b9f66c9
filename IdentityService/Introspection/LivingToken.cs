using IdentityService.Grouping;
using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Authentication;

namespace IdentityService.Introspection;

/// <summary>
/// Whether a token whose signature and time are good is still in force, by the database, which knows of every end before
/// any gateway does: no revocation covers it, and what it was given for still lives. Introspection is asked for at the rate
/// of requests: those that come at the same time share one prepared statement.
/// </summary>
internal sealed class LivingToken
{
    // The four checks of a gateway, and the rows behind the token. The value of a global revocation is empty.
    private const string Statement =
        """
        SELECT NOT EXISTS (
            SELECT FROM revocations
            WHERE value = ANY (ARRAY[asked.jti, asked.sid, asked.sub, asked.client, asked.tenant, '']) AND expires_at > $1
              AND ((kind = 'Token' AND value = asked.jti)
                OR (kind = 'Session' AND value = asked.sid)
                OR (((kind = 'Subject' AND value = asked.sub) OR (kind = 'Client' AND value = asked.client) OR (kind = 'Tenant' AND value = asked.tenant))
                    AND (epoch > asked.epoch OR cutoff > asked.issued OR (epoch IS NULL AND cutoff IS NULL)))
                OR (kind = 'Global' AND cutoff > asked.issued)))
        AND CASE WHEN asked.session IS NULL
            THEN EXISTS (SELECT FROM device_clients WHERE id = asked.subject AND decommissioned_at IS NULL AND epoch <= asked.epoch)
              OR EXISTS (SELECT FROM clients WHERE id = asked.subject AND disabled_at IS NULL AND epoch <= asked.epoch)
            ELSE EXISTS (SELECT FROM users WHERE id = asked.subject AND disabled_at IS NULL AND epoch <= asked.epoch)
              AND (EXISTS (SELECT FROM sessions WHERE id = asked.session AND user_id = asked.subject AND revoked_at IS NULL AND expires_at > $1)
                OR EXISTS (SELECT FROM api_keys WHERE id = asked.session AND user_id = asked.subject AND revoked_at IS NULL AND expires_at > $1))
            END
        FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
            AS asked (jti, sid, sub, client, tenant, epoch, issued, subject, session, number)
        ORDER BY asked.number
        """;

    private readonly NpgsqlDataSource _database;
    private readonly TimeProvider _time;
    private readonly Grouped<Asked, bool> _group;

    public LivingToken(NpgsqlDataSource database, TimeProvider time) => (_database, _time, _group) = (database, time, new(AskAsync));

    /// <summary>Asks the database.</summary>
    public async Task<bool> IsLivingAsync(AccessToken token, CancellationToken cancellationToken) =>
        Guid.TryParse(token.Subject, out var subject)
        && await _group.AskAsync(new Asked(token, subject, Guid.TryParse(token.SessionId, out var session) ? session : null), cancellationToken);

    private async Task<IReadOnlyList<bool>> AskAsync(IReadOnlyList<Asked> tokens)
    {
        await using var query = _database.CreateCommand(Statement);
        query.Parameters.Add(new NpgsqlParameter { Value = _time.GetUtcNow().UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        Columns.Add(query, tokens, NpgsqlDbType.Text, static asked => asked.Token.TokenId);
        Columns.Add(query, tokens, NpgsqlDbType.Text, static asked => asked.Token.SessionId ?? "-");
        Columns.Add(query, tokens, NpgsqlDbType.Text, static asked => asked.Token.Subject);
        Columns.Add(query, tokens, NpgsqlDbType.Text, static asked => asked.Token.ClientId);
        Columns.Add(query, tokens, NpgsqlDbType.Text, static asked => asked.Token.TenantId.ToString());
        Columns.Add(query, tokens, NpgsqlDbType.Bigint, static asked => asked.Token.Epoch);
        Columns.Add(query, tokens, NpgsqlDbType.TimestampTz, static asked => asked.Token.IssuedAt.UtcDateTime);
        Columns.Add(query, tokens, NpgsqlDbType.Uuid, static asked => asked.Subject);
        Columns.Add(query, tokens, NpgsqlDbType.Uuid, static asked => asked.Session);
        await using var rows = await query.ExecuteReaderAsync();
        List<bool> living = new(tokens.Count);
        while (await rows.ReadAsync())
        {
            living.Add(rows.GetBoolean(0));
        }

        return living;
    }

    private sealed record Asked(AccessToken Token, Guid Subject, Guid? Session);
}
