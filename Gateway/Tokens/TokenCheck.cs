using Gateway.Revocation;
using Gateway.Routing;
using Gateway.Tokens.ApiKeys;
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
/// Basic credentials are the OAuth client's own and pass; other schemes and API keys are taken off.</item>
/// <item>Any other route: exactly one good, unrevoked bearer token, or an API key that stands for one, else 401; with one
/// of the route's scopes, else 403. 503 when keys or revocations are not known well enough to decide.</item>
/// <item>A strict route while revocations may be late: the identity service is asked as well.</item>
/// </list>
/// While the request is under way it can be cut, see <see cref="OpenRequests"/>.
/// </summary>
internal sealed class TokenCheck(
    RequestDelegate next,
    TokenJudge judge,
    ApiKeyTokens keys,
    Introspection introspection,
    RevocationFreshness freshness,
    OpenRequests open,
    BearerProblems problems,
    GatewayMetrics metrics)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private const string ApiKey = "X-API-Key";

    public Task InvokeAsync(HttpContext context)
    {
        if (RequestState.Of(context).Access is not { } access)
        {
            return context.GetEndpoint() is null
                ? GatewayProblems.RouteNotFound().ExecuteAsync(context)
                : next(context); // routing's own answer, such as 405
        }

        var header = context.Request.Headers.Authorization;
        if (header.Count > 1)
        {
            return problems.UnauthorizedAsync(context, "There must be one Authorization header.");
        }

        if (access.Caller == RouteCaller.Anyone)
        {
            return PassAnyone(context, header);
        }

        return context.Request.Headers.TryGetValue(ApiKey, out var key)
            ? PassKeyAsync(context, access, header, key)
            : PassBearer(context, access, header);
    }

    private Task PassAnyone(HttpContext context, StringValues header)
    {
        context.Request.Headers.Remove(ApiKey);
        if (header is not [{ } value] || value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return next(context);
        }

        if (!value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || freshness.State == RevocationState.Unknown)
        {
            context.Request.Headers.Authorization = default;
            return next(context);
        }

        var verdict = judge.JudgeAsync(value.AsMemory(Bearer.Length), context.RequestAborted);
        return verdict.IsCompletedSuccessfully ? PassAnyone(context, verdict.Result) : PassAnyoneAsync(context, verdict);
    }

    private async Task PassAnyoneAsync(HttpContext context, ValueTask<TokenVerdict> verdict) => await PassAnyone(context, await verdict);

    private Task PassAnyone(HttpContext context, TokenVerdict verdict)
    {
        if (verdict.Token is not null)
        {
            return ForwardAsync(context, verdict);
        }

        context.Request.Headers.Authorization = default;
        return next(context);
    }

    // Awaited only where the token is not known yet: an awaited layer costs every request.
    private Task PassBearer(HttpContext context, RouteAccess access, StringValues header)
    {
        if (header is not [{ } value])
        {
            return problems.UnauthorizedAsync(context, null);
        }

        if (!value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            metrics.TokenSeen("refused");
            return problems.UnauthorizedAsync(context, "The Authorization header must be one bearer token.");
        }

        if (KnownConnection.Find(context, value) is { } known)
        {
            var again = judge.JudgeAgain(known);
            return again.Refusal is { } refusal ? problems.UnauthorizedAsync(context, refusal) : PassVerdictAsync(context, access, again, value);
        }

        var verdict = judge.JudgeAsync(value.AsMemory(Bearer.Length), context.RequestAborted);
        return verdict.IsCompletedSuccessfully
            ? PassBearer(context, access, verdict.Result, value)
            : PassBearerAsync(context, access, verdict, value);
    }

    private async Task PassBearerAsync(HttpContext context, RouteAccess access, ValueTask<TokenVerdict> verdict, string value) =>
        await PassBearer(context, access, await verdict, value);

    private Task PassBearer(HttpContext context, RouteAccess access, TokenVerdict verdict, string value)
    {
        if (verdict.Refusal is { } refusal)
        {
            return problems.UnauthorizedAsync(context, refusal);
        }

        if (verdict.Token is { } token)
        {
            KnownConnection.Remember(context, value, token);
        }

        return PassVerdictAsync(context, access, verdict, value);
    }

    private async Task PassKeyAsync(HttpContext context, RouteAccess access, StringValues header, StringValues key)
    {
        // Nobody further in sees it, whatever becomes of the request.
        context.Request.Headers.Remove(ApiKey);
        if (header.Count > 0 || key is not [{ } one])
        {
            await GatewayProblems.InvalidApiKey(context, "There must be one X-API-Key header, and no Authorization header beside it.").ExecuteAsync(context);
            return;
        }

        var result = await keys.JudgeAsync(one, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted);
        if (result.Verdict.Refusal is { } refusal)
        {
            await GatewayProblems.InvalidApiKey(context, refusal).ExecuteAsync(context);
        }
        else if (result.RetryAfter is { } wait)
        {
            await GatewayProblems.TooManyWrongKeys(wait).ExecuteAsync(context);
        }
        else
        {
            context.Request.Headers.Authorization = result.Authorization;
            await PassVerdictAsync(context, access, result.Verdict, result.Authorization);
        }
    }

    private Task PassVerdictAsync(HttpContext context, RouteAccess access, TokenVerdict verdict, string? authorization)
    {
        var state = freshness.State;
        if (verdict.Token is not { } token || authorization is null)
        {
            return problems.UnavailableAsync(context);
        }

        if (state == RevocationState.Unknown)
        {
            return RefuseUnjudgedAsync(context);
        }

        if (access.Caller == RouteCaller.WithScope && !HasOneOf(token.Token.Scopes, access))
        {
            Enter(context, token);
            return problems.ForbiddenAsync(context, access.Scopes.Order(StringComparer.Ordinal));
        }

        return access.Strict && state != RevocationState.Current
            ? PassIntrospectedAsync(context, verdict, token, authorization)
            : ForwardAsync(context, verdict);
    }

    private async Task PassIntrospectedAsync(HttpContext context, TokenVerdict verdict, VerifiedToken token, string authorization)
    {
        switch (await introspection.IsActiveAsync(token, authorization[Bearer.Length..]).WaitAsync(context.RequestAborted))
        {
            case true:
                await ForwardAsync(context, verdict);
                break;
            case false:
                metrics.TokenSeen("revoked");
                await problems.UnauthorizedAsync(context, TokenJudge.Revoked);
                break;
            default:
                await RefuseUnjudgedAsync(context);
                break;
        }
    }

    // Never 401: nothing is known against the token.
    private Task RefuseUnjudgedAsync(HttpContext context)
    {
        metrics.TokenSeen("unavailable");
        return GatewayProblems.RevocationUnavailable().ExecuteAsync(context);
    }

    private Task ForwardAsync(HttpContext context, TokenVerdict verdict)
    {
        Enter(context, verdict.Token!);
        RequestState.Of(context).Ticket = open.Enter(context, verdict.Token!, verdict.Version);
        return next(context);
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
        RequestState.Of(context).Token = token;
    }
}
