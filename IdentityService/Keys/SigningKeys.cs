using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Keys;

/// <summary>
/// Changes to the signing keys, by <see cref="KeySchedule"/>, within a transaction of the caller's. A lock lets one of
/// several replicas and requests at a time do it; the others wait and find it done.
/// </summary>
internal sealed partial class SigningKeys(
    IdentityDb database,
    KeyEncryption encryption,
    IOptions<KeyOptions> options,
    IOptions<TokenOptions> tokens,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time,
    ILogger<SigningKeys> logger)
{
    // Any constant does: the database is this service's own. The migration's lock is another.
    private const long Lock = 0x726F74617465;

    // How much longer than planned a replica may sign that cannot read the keys.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>Makes what is due, plans the end of what it succeeds, drops what no living token needs.</summary>
    public async Task KeepScheduleAsync(EventEnvelope cause, CancellationToken cancellationToken)
    {
        var (keys, now) = (await LockAsync(cancellationToken), time.GetInstant());
        database.SigningKeys.RemoveRange(keys.Where(key => key.StateAt(now) == SigningKeyState.Expired));
        foreach (var algorithm in options.Value.Algorithms)
        {
            List<SigningKey> family = [.. keys.Where(key => key.Algorithm == algorithm)];
            if (KeySchedule.NextActivation(family, keys.Count == 0, now, options.Value) is { } activatesAt)
            {
                Succeed(family.MaxBy(key => key.ActivatesAt), algorithm, activatesAt, cause);
            }
        }

        // Of an algorithm that is no longer configured: once those that are have keys that sign.
        foreach (var left in keys.Where(key => key.RetiresAt is null && !options.Value.Algorithms.Contains(key.Algorithm, StringComparer.Ordinal)))
        {
            left.Retire(now + options.Value.PublishAhead, TokenLife);
        }
    }

    /// <summary>Lets the next key of each algorithm sign as soon as everyone can verify with it.</summary>
    public async Task RotateAsync(EventEnvelope cause, CancellationToken cancellationToken)
    {
        var (keys, now) = (await LockAsync(cancellationToken), time.GetInstant());
        foreach (var algorithm in options.Value.Algorithms)
        {
            var family = keys.Where(key => key.Algorithm == algorithm).OrderBy(key => key.ActivatesAt).ToList();
            var upcoming = family.Find(key => key.StateAt(now) == SigningKeyState.Upcoming);
            var activatesAt = KeySchedule.ActivationOnDemand(upcoming, now);
            var former = family.FindLast(key => key != upcoming);
            if (upcoming is null)
            {
                Succeed(former, algorithm, activatesAt, cause);
            }
            else if (activatesAt < upcoming.ActivatesAt)
            {
                former?.Retire(activatesAt, TokenLife);
                upcoming.Advance(activatesAt);
                Audit(upcoming, former, cause);
            }
        }
    }

    /// <summary>
    /// Drops every key at once, those that have not signed yet too, since they lay beside the others, and makes new ones
    /// that sign from now on.
    /// </summary>
    /// <returns>The ids of the keys dropped.</returns>
    public async Task<IReadOnlyList<string>> ReplaceAllAsync(EventEnvelope cause, CancellationToken cancellationToken)
    {
        var keys = await LockAsync(cancellationToken);
        database.SigningKeys.RemoveRange(keys);
        foreach (var algorithm in options.Value.Algorithms)
        {
            database.SigningKeys.Add(SigningKey.Create(encryption, algorithm, time.GetInstant(), time.GetInstant()));
        }

        foreach (var key in keys)
        {
            database.AddAudit(
                cause with { Id = Guid.CreateVersion7(cause.OccurredAt) }, "key.compromised", "signing_key", key.KeyId, severity: AuditSeverity.Critical);
        }

        return keys.ConvertAll(key => key.KeyId);
    }

    private TimeSpan TokenLife => tokens.Value.AccessTokenLife + authentication.Value.ClockSkew + Margin;

    private async Task<List<SigningKey>> LockAsync(CancellationToken cancellationToken)
    {
        await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", cancellationToken);
        return await database.SigningKeys.ToListAsync(cancellationToken);
    }

    private void Succeed(SigningKey? former, string algorithm, DateTimeOffset activatesAt, EventEnvelope cause)
    {
        former?.Retire(activatesAt, TokenLife);
        var next = SigningKey.Create(encryption, algorithm, time.GetInstant(), activatesAt);
        database.SigningKeys.Add(next);
        Audit(next, former, cause);
        LogCreated(logger, next.Algorithm, next.KeyId, activatesAt);
    }

    private void Audit(SigningKey next, SigningKey? former, EventEnvelope cause) => database.AddAudit(
        cause with { Id = Guid.CreateVersion7(cause.OccurredAt) },
        "key.rotated",
        "signing_key",
        next.KeyId,
        severity: AuditSeverity.Notice,
        before: former is null ? null : new { former.KeyId, former.RetiresAt, former.ExpiresAt },
        after: new { next.KeyId, next.Algorithm, next.ActivatesAt });

    [LoggerMessage(1, LogLevel.Information, "Made {Algorithm} key {KeyId}, which signs from {ActivatesAt:O} on")]
    private static partial void LogCreated(ILogger logger, string algorithm, string keyId, DateTimeOffset activatesAt);
}
