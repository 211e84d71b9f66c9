using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Revocations;

/// <summary>Issues revocations within the transaction that ends what they name.</summary>
internal sealed class RevocationLog(
    IdentityDb database,
    RevocationSignal signal,
    IdentityMetrics metrics,
    IOptions<TokenOptions> tokens,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time)
{
    /// <inheritdoc cref="AddAsync(RevocationKind, string, long?, DateTimeOffset?, EventEnvelope, CancellationToken)"/>
    public Task<Revocation> AddAsync(
        RevocationKind kind, string value, long? epoch, EventEnvelope cause, CancellationToken cancellationToken) =>
        AddAsync(kind, value, epoch, cutoff: null, cause, cancellationToken);

    /// <summary>
    /// Adds a revocation and its event. Takes the lock that all revocations share, so do everything else first and commit
    /// right after; in one transaction, add no second lock of your own after it.
    /// </summary>
    /// <exception cref="InvalidOperationException">No transaction is open: the sequence would have gaps.</exception>
    public async Task<Revocation> AddAsync(
        RevocationKind kind, string value, long? epoch, DateTimeOffset? cutoff, EventEnvelope cause, CancellationToken cancellationToken)
    {
        if (database.Database.CurrentTransaction is null)
        {
            throw new InvalidOperationException("A revocation is issued in the transaction of what it ends.");
        }

        // The row's lock is held until the commit: whoever comes next gets the next number and commits after.
        var sequence = (await database.Database
            .SqlQuery<long>($"UPDATE revocation_counter SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence")
            .ToListAsync(cancellationToken))[0];
        var now = time.GetInstant();
        var revocation = new Revocation
        {
            Sequence = sequence,
            Kind = kind,
            Value = value,
            Epoch = epoch,
            Cutoff = cutoff,
            TenantId = cause.TenantId,
            Actor = cause.Actor.Id,
            CreatedAt = now,
            ExpiresAt = now + tokens.Value.AccessTokenLife + (2 * authentication.Value.ClockSkew),
        };
        database.Revocations.Add(revocation);
        database.AddEvent(EventOf(revocation, cause with { Id = Guid.CreateVersion7(now) }), value);
        return revocation;
    }

    /// <summary>Tells the publisher of this process that a revocation has been committed.</summary>
    public void Committed(Revocation revocation)
    {
        metrics.Revoked(revocation.Kind.ToString());
        signal.Set();
    }

    internal static RevocationIssued EventOf(Revocation revocation, EventEnvelope envelope) => new(
        envelope, revocation.Sequence, revocation.Kind, revocation.Value, revocation.Epoch, revocation.Cutoff, revocation.ExpiresAt);
}
