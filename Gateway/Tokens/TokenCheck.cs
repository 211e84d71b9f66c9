using Gateway.Revocation;
using Gateway.Routing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

/// <summary>
/// Lets a request through to its route, or answers it:
/// <list type="number">
/// <item>No route: 404, before anything is said about the token.</item>
/// <item>More than one Authorization header: 401, wherever it goes; two readers could see two callers.</item>
/// <item>A route for anyone: the request passes. A bearer token that comes along is forwarded only when it is good, else
/// taken off: clients send an expired one along when they refresh it, and a service must not meet an unchecked one.
/// Basic credentials are the OAuth client's own and pass; other schemes are taken off.</item>
/// <item>Any other route: exactly one good, unrevoked bearer token, else 401; with one of the route's scopes, else 403.
/// 503 when keys or revocations are not known well enough to decide.</item>
/// </list>
/// </summary>
internal sealed class TokenCheck(
    RequestDelegate next,
    VerifiedTokens tokens,
    RevocationSet revocations,
    RevocationFreshness freshness,
    BearerProblems problems,
    GatewayMetrics metrics,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private const string ApiKey = "X-API-Key";

    private readonly TimeSpan _skew = authentication.Value.ClockSkew;

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint)
        {
            return GatewayProblems.RouteNotFound().ExecuteAsync(context);
        }

        if (endpoint.Metadata.GetMetadata<RouteAccess>() is not { } access)
        {
            return next(context); // routing's own answer, such as 405
        }

        var header = context.Request.Headers.Authorization;
        if (header.Count > 1)
        {
            return problems.UnauthorizedAsync(context, "There must be one Authorization header.");
        }

        return access.Caller == RouteCaller.Anyone
            ? PassAnyoneAsync(context, header)
            : PassCallerAsync(context, access, header);
    }

    private async Task PassAnyoneAsync(HttpContext context, StringValues header)
    {
        context.Request.Headers.Remove(ApiKey);
        if (header is [{ } value] && !value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            var verdict = !freshness.Suffices(strict: false) ? default : await JudgeAsync(value, context.RequestAborted);
            if (verdict.Token is { } token)
            {
                Enter(context, token);
            }
            else
            {
                context.Request.Headers.Authorization = default;
            }
        }

        await next(context);
    }

    private async Task PassCallerAsync(HttpContext context, RouteAccess access, StringValues header)
    {
        if (context.Request.Headers.ContainsKey(ApiKey))
        {
            await GatewayProblems.InvalidApiKey(context).ExecuteAsync(context);
            return;
        }

        if (header is not [{ } value])
        {
            await problems.UnauthorizedAsync(context, null);
            return;
        }

        var verdict = await JudgeAsync(value, context.RequestAborted);
        if (verdict.Unavailable)
        {
            await problems.UnavailableAsync(context);
        }
        else if (verdict.Token is not { } token)
        {
            await problems.UnauthorizedAsync(context, verdict.Refusal!);
        }
        else if (!freshness.Suffices(access.Strict))
        {
            // Never 401: nothing is known against the token.
            metrics.TokenSeen("unavailable");
            await GatewayProblems.RevocationUnavailable().ExecuteAsync(context);
        }
        else if (access.Caller == RouteCaller.WithScope && !HasOneOf(token.Token.Scopes, access))
        {
            Enter(context, token);
            await problems.ForbiddenAsync(context, access.Scopes.Order(StringComparer.Ordinal));
        }
        else
        {
            Enter(context, token);
            await next(context);
        }
    }

    private async ValueTask<Verdict> JudgeAsync(string header, CancellationToken cancellationToken)
    {
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            || !TokenDigest.TryOf(header.AsSpan(Bearer.Length), out var digest))
        {
            metrics.TokenSeen("refused");
            return new Verdict(null, "The Authorization header must be one bearer token.");
        }

        var token = tokens.Find(digest);
        if (token is null)
        {
            try
            {
                (token, var refusal) = await tokens.VerifyAsync(digest, header[Bearer.Length..], cancellationToken);
                if (token is null)
                {
                    metrics.TokenSeen("refused");
                    return new Verdict(null, refusal);
                }

                metrics.TokenSeen("verified");
            }
            catch (KeysUnavailableException)
            {
                metrics.TokenSeen("unavailable");
                return new Verdict(null, null, Unavailable: true);
            }
        }
        else
        {
            metrics.TokenSeen("cached");
        }

        if (time.GetUtcNow() >= token.Token.ExpiresAt + _skew)
        {
            metrics.TokenSeen("refused");
            return new Verdict(null, "The access token has expired.");
        }

        if (revocations.Covers(token.Revocable))
        {
            metrics.TokenSeen("revoked");
            return new Verdict(null, "The access token was revoked.");
        }

        return new Verdict(token, null);
    }

    private static bool HasOneOf(IReadOnlyList<string> scopes, RouteAccess access)
    {
        for (var index = 0; index < scopes.Count; index++)
        {
            if (access.Scopes.Contains(scopes[index]))
            {
                return true;
            }
        }

        return false;
    }

    private static void Enter(HttpContext context, VerifiedToken token)
    {
        context.User = token.Principal;
        context.Features.Set(token);
    }

    private readonly record struct Verdict(VerifiedToken? Token, string? Refusal, bool Unavailable = false);
}
