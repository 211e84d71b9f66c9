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
        var sequence = await NextAsync(1, cancellationToken);
        return Add(sequence, kind, value, epoch, cutoff, cause);
    }

    /// <summary>The same for sessions that end together, at least one; returns the last.</summary>
    /// <exception cref="InvalidOperationException">No transaction is open.</exception>
    public async Task<Revocation> AddSessionsAsync(IReadOnlyList<Guid> sessions, EventEnvelope cause, CancellationToken cancellationToken)
    {
        var last = await NextAsync(sessions.Count, cancellationToken);
        var first = last - sessions.Count + 1;
        Revocation? added = null;
        for (var at = 0; at < sessions.Count; at++)
        {
            added = Add(first + at, RevocationKind.Session, sessions[at].ToString(), epoch: null, cutoff: null, cause);
        }

        return added!;
    }

    /// <summary>Tells the publisher of this process that a revocation has been committed.</summary>
    public void Committed(Revocation revocation)
    {
        metrics.Revoked(revocation.Kind.ToString());
        signal.Set();
    }

    internal static RevocationIssued EventOf(Revocation revocation, EventEnvelope envelope) => new(
        envelope, revocation.Sequence, revocation.Kind, revocation.Value, revocation.Epoch, revocation.Cutoff, revocation.ExpiresAt);

    // The row's lock is held until the commit: whoever comes next gets the next numbers and commits after.
    private async Task<long> NextAsync(int count, CancellationToken cancellationToken) =>
        database.Database.CurrentTransaction is null
            ? throw new InvalidOperationException("A revocation is issued in the transaction of what it ends.")
            : (await database.Database
                .SqlQuery<long>($"UPDATE revocation_counter SET sequence = sequence + {count} WHERE id = 1 RETURNING sequence")
                .ToListAsync(cancellationToken))[0];

    private Revocation Add(
        long sequence, RevocationKind kind, string value, long? epoch, DateTimeOffset? cutoff, EventEnvelope cause)
    {
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
}
