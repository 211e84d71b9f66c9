using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace IdentityService.Revocations;

/// <summary>
/// Brings the stream in Redis up to the database.
/// <list type="number">
/// <item>Read the counter and the revocations after the last one in the stream.</item>
/// <item>Append them with a heartbeat, provided that the stream still is as expected.</item>
/// <item>If it is not: go on from where another replica left it; or write it anew, when it is lost, behind what had been
/// written, ahead of the database, or so far back that rows in between are forgotten.</item>
/// </list>
/// </summary>
internal sealed class RevocationWriter(
    IServiceScopeFactory scopes, RedisLink link, IdentityMetrics metrics, IOptions<TokenOptions> tokens, TimeProvider time)
{
    // Two turns settle everything but a race with other replicas; the next tick goes on from there.
    private const int MostTurns = 5;

    // Entries stay longer than any token they cover; ids carry the clock of Redis, which may differ.
    private static readonly TimeSpan TrimMargin = TimeSpan.FromMinutes(5);

    private static readonly RedisKey[] Keys = [RevocationStream.Key, RevocationStream.GenerationKey];

    private StreamState _written = StreamState.Lost;
    private volatile string? _generation;

    /// <summary>The stream's generation as last written; null before the first time.</summary>
    public string? Generation => _generation;

    /// <summary>Writes everything up to now; false when other replicas kept changing the stream meanwhile.</summary>
    public async Task<bool> WriteAsync(CancellationToken cancellationToken)
    {
        var redis = (await link.ConnectAsync().WaitAsync(cancellationToken)).GetDatabase();
        var expected = _written;
        var anew = expected.IsLost;
        for (var turn = 0; turn < MostTurns; turn++)
        {
            var head = await ReadAsync(anew ? StreamState.Lost.Sequence : expected.Sequence, cancellationToken);
            if (!anew && !head.Continues(expected.Sequence))
            {
                anew = true;
                head = await ReadAsync(StreamState.Lost.Sequence, cancellationToken);
            }

            var next = new StreamState(
                anew ? Guid.CreateVersion7(time.GetUtcNow()).ToString("N") : expected.Generation, head.Sequence);
            if (await RunAsync(redis, anew, expected, next, head.Entries) is not { } found)
            {
                _written = next;
                _generation = next.Generation;
                metrics.RevocationsWaiting(0);
                return true;
            }

            metrics.RevocationsWaiting(head.Entries.Count);
            expected = found;
            anew = found.IsLost || (found.Generation == _written.Generation && found.Sequence < _written.Sequence);
        }

        return false;
    }

    /// <summary>Null when written, else the state in which the stream was found.</summary>
    private async Task<StreamState?> RunAsync(
        IDatabase redis, bool anew, StreamState expected, StreamState next, List<RevocationIssued> entries)
    {
        var oldest = time.GetUtcNow() - tokens.Value.AccessTokenLife - TrimMargin;
        RedisValue[] arguments =
        [
            expected.Generation,
            expected.Sequence,
            oldest.ToUnixTimeMilliseconds(),
            RevocationStream.WakeChannel,
            next.Generation,
            entries.Count,
            .. entries.SelectMany(RevocationStream.Entry),
            .. RevocationStream.Heartbeat(next.Sequence),
        ];
        var answer = (RedisResult[])await redis.ScriptEvaluateAsync(
            anew ? RevocationScripts.Rebuild : RevocationScripts.Append, Keys, arguments);
        return (int)answer[0] == 1 ? null : new StreamState((string)answer[1], (long)answer[2]);
    }

    /// <summary>The database's head, and the revocations after a sequence; for a lost stream, those still living.</summary>
    private async Task<Head> ReadAsync(long after, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();

        // The counter first: everything up to it is committed, and so among the rows read after it.
        var sequence = await database.RevocationCounters.Select(row => row.Sequence).SingleAsync(cancellationToken);
        if (sequence == after)
        {
            return new Head(sequence, []);
        }

        var now = time.GetUtcNow();
        var rows = await database.Revocations.AsNoTracking()
            .Where(row => row.Sequence > after && (after >= 0 || row.ExpiresAt > now))
            .OrderBy(row => row.Sequence)
            .ToListAsync(cancellationToken);
        return new Head(Math.Max(sequence, rows is [.., var newest] ? newest.Sequence : 0), rows.ConvertAll(EventOf));
    }

    // The stream's entries carry nothing of the envelope.
    private static RevocationIssued EventOf(Revocation row) => RevocationLog.EventOf(
        row, new EventEnvelope(Guid.Empty, row.CreatedAt, row.TenantId, Actor.System("identity"), null, null, null, null));

    /// <summary>Which stream it is and how far it goes.</summary>
    private readonly record struct StreamState(string Generation, long Sequence)
    {
        public static readonly StreamState Lost = new("", -1);

        public bool IsLost => Generation.Length == 0 || Sequence < 0;
    }

    private sealed record Head(long Sequence, List<RevocationIssued> Entries)
    {
        /// <summary>Whether the entries follow on that sequence: not when it is ahead, nor when rows were forgotten.</summary>
        public bool Continues(long sequence) =>
            Sequence == sequence || (Sequence > sequence && Entries is [var first, ..] && first.Sequence == sequence + 1);
    }
}
