using Gateway.Revocation;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

/// <summary>What is to be said about a token.</summary>
/// <param name="Token">Null when it is not good, or nothing can be said.</param>
/// <param name="Refusal">Why it is refused, for the client; null when it is good or nothing can be said.</param>
/// <param name="Version">Of the set of revocations by which it was found good.</param>
internal readonly record struct TokenVerdict(VerifiedToken? Token, string? Refusal, long Version)
{
    /// <summary>Nothing can be said: the keys are not known.</summary>
    public bool Unavailable => Token is null && Refusal is null;
}

/// <summary>
/// Judges access tokens: verified once, remembered by digest and signature, and asked at every hit whether they have
/// expired, are for another audience by now, or were revoked.
/// </summary>
internal sealed class TokenJudge(
    VerifiedTokens tokens,
    RevocationSet revocations,
    GatewayMetrics metrics,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time)
{
    public const string Revoked = "The access token was revoked.";

    /// <summary>Judges a token; without waiting and without allocating when it is remembered.</summary>
    public ValueTask<TokenVerdict> JudgeAsync(ReadOnlyMemory<char> token, CancellationToken cancellationToken)
    {
        if (!SignedText.TryOf(token, out var text))
        {
            metrics.TokenSeen("refused");
            return new(new TokenVerdict(null, "The access token is malformed.", 0));
        }

        return tokens.Find(text) is { } known
            ? new(Judge(known, "cached"))
            : VerifyAsync(text, cancellationToken);
    }

    /// <summary>Judges anew a token that was found good before.</summary>
    public TokenVerdict JudgeAgain(VerifiedToken token) => Judge(token, "cached");

    private async ValueTask<TokenVerdict> VerifyAsync(SignedText text, CancellationToken cancellationToken)
    {
        try
        {
            var (token, refusal) = await tokens.VerifyAsync(text, cancellationToken);
            if (token is not null)
            {
                return Judge(token, "verified");
            }

            metrics.TokenSeen("refused");
            return new TokenVerdict(null, refusal, 0);
        }
        catch (KeysUnavailableException)
        {
            metrics.TokenSeen("unavailable");
            return default;
        }
    }

    private TokenVerdict Judge(VerifiedToken token, string outcome)
    {
        var now = authentication.Value;
        if (time.GetUtcNow().ToUnixTimeMilliseconds() >= token.EndsAt + now.ClockSkew.TotalMilliseconds)
        {
            metrics.TokenSeen("refused");
            return new TokenVerdict(null, "The access token has expired.", 0);
        }

        if (!token.Token.IsFor(now.Audience))
        {
            metrics.TokenSeen("refused");
            return new TokenVerdict(null, "The access token is for another audience.", 0);
        }

        var version = revocations.Version;
        if (revocations.Covers(token.Revocable))
        {
            metrics.TokenSeen("revoked");
            return new TokenVerdict(null, Revoked, 0);
        }

        metrics.TokenSeen(outcome);
        return new TokenVerdict(token, null, version);
    }
}
