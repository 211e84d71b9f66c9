using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

/// <summary>
/// Tokens verified before, so that a signature is checked once and not at every request. Bounded by two generations: when
/// the young one is full it becomes the old one and what was old is forgotten; a hit in the old one moves up. Whether an
/// entry has expired or was revoked is asked at every hit, by the caller.
/// </summary>
internal sealed class VerifiedTokens
{
    private readonly AccessTokenValidator _validator;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly int _generationSize;
    private volatile ConcurrentDictionary<TokenDigest, VerifiedToken> _young = [];
    private volatile ConcurrentDictionary<TokenDigest, VerifiedToken> _old = [];
    private int _youngCount;

    public VerifiedTokens(AccessTokenValidator validator, IOptions<TokenOptions> options, GatewayMetrics metrics, TimeProvider time)
    {
        _validator = validator;
        _metrics = metrics;
        _time = time;
        _generationSize = Math.Max(1, options.Value.CacheSize / 2);
        metrics.Observe("platform.gateway.token.cache.size", "{token}", "Verified tokens in memory", () => Count);
    }

    public int Count => _young.Count + _old.Count;

    /// <summary>Finds without checking anything anew.</summary>
    public VerifiedToken? Find(in TokenDigest digest)
    {
        if (_young.TryGetValue(digest, out var token))
        {
            return token;
        }

        if (_old.TryGetValue(digest, out token))
        {
            Add(digest, token);
            return token;
        }

        return null;
    }

    /// <summary>Verifies and remembers what is good.</summary>
    /// <exception cref="KeysUnavailableException">The token's key can't be had.</exception>
    public async ValueTask<(VerifiedToken? Token, string? Refusal)> VerifyAsync(
        TokenDigest digest, string token, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        var result = await _validator.ValidateAsync(token, cancellationToken);
        _metrics.Validated(_time.GetElapsedTime(start));
        if (result.Token is not { } good)
        {
            return (null, result.Refusal);
        }

        VerifiedToken verified = new(good);
        Add(digest, verified);
        return (verified, null);
    }

    private void Add(in TokenDigest digest, VerifiedToken token)
    {
        if (!_young.TryAdd(digest, token) || Interlocked.Increment(ref _youngCount) < _generationSize)
        {
            return;
        }

        // Two threads may come here at once; the second then drops a generation early, which costs only verifications.
        _old = _young;
        _young = [];
        Volatile.Write(ref _youngCount, 0);
    }
}
