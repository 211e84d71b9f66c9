using System.Collections.Concurrent;
using Gateway.Revocation;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens.ApiKeys;

/// <summary>What is to be said about an API key.</summary>
/// <param name="Verdict">On the token it stands for.</param>
/// <param name="Authorization">The header for the service; null when the key is not good.</param>
/// <param name="RetryAfter">Too many wrong keys came from this address.</param>
internal readonly record struct ApiKeyVerdict(TokenVerdict Verdict, string? Authorization, TimeSpan? RetryAfter = null);

/// <summary>
/// Access tokens in place of API keys.
/// <list type="number">
/// <item>A key is known by its SHA-256 only. Its token serves until it ends, judged anew at every use like any other.</item>
/// <item>A key whose session was revoked is refused from here, without asking the identity service again while the
/// revocation is remembered. A token that was revoked otherwise is exchanged anew, and the new one judged.</item>
/// <item>First uses at the same time share one exchange. A wrong key is remembered for some seconds, apart from the good
/// ones, so that wrong ones cannot push those out.</item>
/// </list>
/// </summary>
internal sealed class ApiKeyTokens(
    ApiKeyExchange exchange,
    TokenJudge judge,
    RevocationSet revocations,
    GatewayMetrics metrics,
    IOptions<TokenOptions> options,
    TimeProvider time)
{
    private const int Longest = 512;
    private const int MostRefused = 10_000;
    private const string Refusal = "The API key is not accepted.";

    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(5);

    // A new token that is revoked already: by a cut-off within the same second, which the next one is not.
    private static readonly TimeSpan RevokedFor = TimeSpan.FromSeconds(1);

    private readonly RecentEntries<Sha256Digest, Exchanged> _tokens = new(options.Value.ApiKeyCacheSize);
    private readonly RecentEntries<Sha256Digest, Until> _refused = new(MostRefused);
    private readonly RecentEntries<string, Until> _throttled = new(MostRefused);
    private readonly ConcurrentDictionary<Sha256Digest, Lazy<Task<ApiKeyVerdict>>> _underWay = [];

    public async ValueTask<ApiKeyVerdict> JudgeAsync(string key, string? address, CancellationToken cancellationToken)
    {
        if (key.Length is 0 or > Longest || !Sha256Digest.TryOf(key, out var digest) || IsRefused(_refused, digest))
        {
            return Refuse();
        }

        if (_tokens.TryGet(digest, out var known))
        {
            var verdict = await judge.JudgeAsync(known.Token, cancellationToken);
            if (verdict.Token is not null && time.GetUtcNow().ToUnixTimeMilliseconds() < verdict.Token.EndsAt)
            {
                metrics.ApiKeySeen("cached");
                return new ApiKeyVerdict(verdict, known.Authorization);
            }

            if (revocations.CoversSession(known.Revocable))
            {
                return Remember(digest, DateTimeOffset.FromUnixTimeMilliseconds(known.EndsAt));
            }
        }

        if (address is not null && _throttled.TryGet(address, out var throttled) && throttled.Instant - time.GetUtcNow() is { Ticks: > 0 } rest)
        {
            metrics.ApiKeySeen("throttled");
            return new ApiKeyVerdict(default, null, rest);
        }

        // Not ended by this request's end: others wait for the same answer.
        return await _underWay.GetOrAdd(
            digest,
            static (digest, ask) => new Lazy<Task<ApiKeyVerdict>>(() => ask.Keys.ExchangeAsync(digest, ask.Key, ask.Address)),
            (Keys: this, Key: key, Address: address)).Value.WaitAsync(cancellationToken);
    }

    private async Task<ApiKeyVerdict> ExchangeAsync(Sha256Digest digest, string key, string? address)
    {
        try
        {
            var exchanged = await exchange.ExchangeAsync(key, address);
            if (exchanged.Token is { } text)
            {
                return await EnterAsync(digest, text);
            }

            if (exchanged.Refused)
            {
                return Remember(digest, time.GetUtcNow() + RefusedFor);
            }

            if (exchanged.RetryAfter is { } pause && address is not null)
            {
                _throttled.Set(address, new Until(time.GetUtcNow() + pause));
            }

            metrics.ApiKeySeen(exchanged.RetryAfter is null ? "unavailable" : "throttled");
            return new ApiKeyVerdict(default, null, exchanged.RetryAfter);
        }
        finally
        {
            // Only now that the answer is entered: who comes later finds it there and does not ask again.
            _underWay.TryRemove(digest, out _);
        }
    }

    private async Task<ApiKeyVerdict> EnterAsync(Sha256Digest digest, string text)
    {
        var verdict = await judge.JudgeAsync(text.AsMemory(), CancellationToken.None);
        if (verdict.Unavailable)
        {
            metrics.ApiKeySeen("unavailable");
            return new ApiKeyVerdict(verdict, null);
        }

        if (verdict.Token is not { } token)
        {
            return Remember(digest, time.GetUtcNow() + RevokedFor);
        }

        Exchanged exchanged = new(text.AsMemory(), $"Bearer {text}", token.Revocable, token.EndsAt);
        _tokens.Set(digest, exchanged);
        metrics.ApiKeySeen("exchanged");
        return new ApiKeyVerdict(verdict, exchanged.Authorization);
    }

    private ApiKeyVerdict Remember(Sha256Digest digest, DateTimeOffset until)
    {
        _tokens.Remove(digest);
        _refused.Set(digest, new Until(until));
        return Refuse();
    }

    private ApiKeyVerdict Refuse()
    {
        metrics.ApiKeySeen("refused");
        return new ApiKeyVerdict(new TokenVerdict(null, Refusal, 0), null);
    }

    private bool IsRefused(RecentEntries<Sha256Digest, Until> refused, in Sha256Digest digest) =>
        refused.TryGet(digest, out var until) && time.GetUtcNow() < until.Instant;

    private sealed record Exchanged(ReadOnlyMemory<char> Token, string Authorization, RevocableToken Revocable, long EndsAt);

    private sealed record Until(DateTimeOffset Instant);
}
