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
    private readonly RecentEntries<Sha256Digest, VerifiedToken> _verified;

    public VerifiedTokens(AccessTokenValidator validator, IOptions<TokenOptions> options, GatewayMetrics metrics, TimeProvider time)
    {
        _validator = validator;
        _metrics = metrics;
        _time = time;
        _verified = new RecentEntries<Sha256Digest, VerifiedToken>(options.Value.CacheSize);
        metrics.Observe("platform.gateway.token.cache.size", "{token}", "Verified tokens in memory", () => Count);
    }

    public int Count => _verified.Count;

    /// <summary>Finds without checking anything anew but that it is that token, signature included.</summary>
    public VerifiedToken? Find(in SignedText text) =>
        _verified.TryGet(text.Digest, out var token) && text.HasSignature(token.Signature) ? token : null;

    /// <summary>Verifies and remembers what is good.</summary>
    /// <exception cref="KeysUnavailableException">The token's key can't be had.</exception>
    public async ValueTask<(VerifiedToken? Token, string? Refusal)> VerifyAsync(
        SignedText text, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        var result = await _validator.ValidateAsync(text, cancellationToken);
        _metrics.Validated(_time.GetElapsedTime(start));
        if (result.Token is not { } good)
        {
            return (null, result.Refusal);
        }

        // Requests that verified the same token side by side go on with one object, by which they share introspection.
        return (_verified.Keep(text.Digest, new VerifiedToken(good, text.Signature.ToString())), null);
    }
}
