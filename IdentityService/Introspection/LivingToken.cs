using Npgsql;
using NpgsqlTypes;
using ServiceDefaults.Authentication;

namespace IdentityService.Introspection;

/// <summary>
/// Whether a token whose signature and time are good is still in force, by the database, which knows of every end before
/// any gateway does: no revocation covers it, and what it was given for still lives. One statement, prepared: introspection
/// is asked for at the rate of requests.
/// </summary>
internal sealed class LivingToken(NpgsqlDataSource database, TimeProvider time)
{
    // The four checks of a gateway, and the rows behind the token. The value of a global revocation is empty.
    private const string Statement =
        """
        SELECT NOT EXISTS (
            SELECT FROM revocations
            WHERE value IN ($1, $2, $3, $4, $5, '') AND expires_at > $8
              AND ((kind = 'Token' AND value = $1)
                OR (kind = 'Session' AND value = $2)
                OR (((kind = 'Subject' AND value = $3) OR (kind = 'Client' AND value = $4) OR (kind = 'Tenant' AND value = $5))
                    AND (epoch > $6 OR cutoff > $7 OR (epoch IS NULL AND cutoff IS NULL)))
                OR (kind = 'Global' AND cutoff > $7)))
        AND CASE WHEN $10 IS NULL
            THEN EXISTS (SELECT FROM device_clients WHERE id = $9 AND decommissioned_at IS NULL AND epoch <= $6)
              OR EXISTS (SELECT FROM clients WHERE id = $9 AND disabled_at IS NULL AND epoch <= $6)
            ELSE EXISTS (SELECT FROM users WHERE id = $9 AND disabled_at IS NULL AND epoch <= $6)
              AND (EXISTS (SELECT FROM sessions WHERE id = $10 AND user_id = $9 AND revoked_at IS NULL AND expires_at > $8)
                OR EXISTS (SELECT FROM api_keys WHERE id = $10 AND user_id = $9 AND revoked_at IS NULL AND expires_at > $8))
            END
        """;

    /// <summary>Asks the database.</summary>
    public async Task<bool> IsLivingAsync(AccessToken token, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(token.Subject, out var subject))
        {
            return false;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var query = new NpgsqlCommand(Statement, connection);
        Add(query, token.TokenId, NpgsqlDbType.Text);
        Add(query, token.SessionId ?? "-", NpgsqlDbType.Text);
        Add(query, token.Subject, NpgsqlDbType.Text);
        Add(query, token.ClientId, NpgsqlDbType.Text);
        Add(query, token.TenantId.ToString(), NpgsqlDbType.Text);
        Add(query, token.Epoch, NpgsqlDbType.Bigint);
        Add(query, token.IssuedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
        Add(query, time.GetUtcNow().UtcDateTime, NpgsqlDbType.TimestampTz);
        Add(query, subject, NpgsqlDbType.Uuid);
        Add(query, Guid.TryParse(token.SessionId, out var session) ? session : DBNull.Value, NpgsqlDbType.Uuid);
        await query.PrepareAsync(cancellationToken);
        return await query.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static void Add(NpgsqlCommand query, object value, NpgsqlDbType type) =>
        query.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
}
