using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ServiceDefaults.Idempotency;

/// <summary>What became of the attempt to take a key.</summary>
internal enum KeyClaim
{
    /// <summary>It is this request's, until its transaction ends.</summary>
    Taken,

    /// <summary>A request was done under it.</summary>
    Known,

    /// <summary>A request under it is still under way.</summary>
    InUse,
}

/// <summary>Rows of keys, within the open transaction of the request that asks.</summary>
internal sealed class IdempotencyStore(
    DbContext database, IOptions<IdempotencyOptions> options, TimeProvider time, IAnswerProtection? protection = null)
{
    /// <summary>
    /// Takes the key, if nobody has it. The primary key decides: an insert waits for the transaction of another that has
    /// not ended, here or in another replica, and goes on when that one leaves nothing.
    /// </summary>
    public async Task<KeyClaim> ClaimAsync(IdempotentRequest request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var wait = ((long)options.Value.LongestWait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        try
        {
            // The limit is for this lock only: the creation's own are none of our business.
            var taken = await database.Database.ExecuteSqlAsync(
                $"""
                SELECT set_config('lock_timeout', {wait}, true);
                INSERT INTO idempotency_keys AS known (id, tenant_id, route, fingerprint, answer, created_at, expires_at)
                VALUES ({request.Id}, {request.Scope.TenantId}, {request.Scope.Route}, {request.Fingerprint}, '', {now}, {now + options.Value.Retention})
                ON CONFLICT (id) DO UPDATE
                SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at, expires_at = excluded.expires_at
                WHERE known.expires_at <= excluded.created_at;
                SET LOCAL lock_timeout TO DEFAULT
                """,
                cancellationToken);
            return taken == 1 ? KeyClaim.Taken : KeyClaim.Known;
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return KeyClaim.InUse;
        }
    }

    /// <summary>Keeps the answer; it commits with what it tells of.</summary>
    public Task KeepAsync(IdempotentRequest request, StoredAnswer answer, CancellationToken cancellationToken)
    {
        var stored = request.Seal(answer.Format());
        stored = protection?.Protect(stored, request.Id) ?? stored;
        return database.Set<IdempotencyRecord>().Where(row => row.Id == request.Id)
            .ExecuteUpdateAsync(row => row.SetProperty(record => record.Answer, stored), cancellationToken);
    }

    /// <summary>The row of a key that is known.</summary>
    public Task<IdempotencyRecord> FindAsync(IdempotentRequest request, CancellationToken cancellationToken) =>
        database.Set<IdempotencyRecord>().AsNoTracking().SingleAsync(row => row.Id == request.Id, cancellationToken);

    /// <summary>The answer that a row keeps; null when it can't be opened any more.</summary>
    public StoredAnswer? Open(IdempotentRequest request, IdempotencyRecord record)
    {
        try
        {
            return StoredAnswer.Parse(request.Open(protection?.Unprotect(record.Answer, record.Id) ?? record.Answer));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
