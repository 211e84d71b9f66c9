using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

/// <summary>
/// Tokens verified before, so that a signature is checked once and not at every request. Whether an entry has expired or
/// was revoked is asked at every hit, by <see cref="TokenJudge"/>.
/// </summary>
internal sealed class VerifiedTokens
{
    private readonly AccessTokenValidator _validator;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly RecentEntries<TokenDigest, VerifiedToken> _verified;

    public VerifiedTokens(AccessTokenValidator validator, IOptions<TokenOptions> options, GatewayMetrics metrics, TimeProvider time)
    {
        _validator = validator;
        _metrics = metrics;
        _time = time;
        _verified = new RecentEntries<TokenDigest, VerifiedToken>(options.Value.CacheSize);
        metrics.Observe("platform.gateway.token.cache.size", "{token}", "Verified tokens in memory", () => Count);
    }

    public int Count => _verified.Count;

    /// <summary>Finds without checking anything anew.</summary>
    public VerifiedToken? Find(in TokenDigest digest) => _verified.TryGet(digest, out var token) ? token : null;

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

        // Requests that verified the same token side by side go on with one object, by which they share introspection.
        return (_verified.Keep(digest, new VerifiedToken(good)), null);
    }
}
