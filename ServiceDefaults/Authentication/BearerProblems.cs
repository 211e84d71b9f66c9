using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults.Problems;

namespace ServiceDefaults.Authentication;

/// <summary>Refusals by bearer token as RFC 9457 problems with the challenge of RFC 6750 section 3.</summary>
public sealed class BearerProblems(IProblemDetailsService problems)
{
    private const string Challenge = "Bearer realm=\"platform\"";

    /// <summary>401. Without <paramref name="refusal"/> the request had no credentials at all.</summary>
    /// <param name="context">The request; its response has not started.</param>
    /// <param name="refusal">Why a token was refused; a fixed sentence without quotes, never the token's content.</param>
    public async Task UnauthorizedAsync(HttpContext context, string? refusal)
    {
        context.Response.Headers.WWWAuthenticate = refusal is null
            ? Challenge
            : $"{Challenge}, error=\"invalid_token\", error_description=\"{refusal}\"";
        await WriteAsync(
            context,
            StatusCodes.Status401Unauthorized,
            refusal is null ? ProblemCodes.Unauthenticated : "invalid_token",
            refusal ?? "This resource needs an access token.");
    }

    /// <summary>403: the token is good and lacks the right.</summary>
    public async Task ForbiddenAsync(HttpContext context, IEnumerable<string> scopes)
    {
        var needed = string.Join(' ', scopes);
        context.Response.Headers.WWWAuthenticate = needed.Length == 0
            ? $"{Challenge}, error=\"insufficient_scope\""
            : $"{Challenge}, error=\"insufficient_scope\", scope=\"{needed}\"";
        await WriteAsync(context, StatusCodes.Status403Forbidden, "insufficient_scope", "The access token lacks the right to do this.");
    }

    /// <summary>503: the token can't be judged now, which says nothing against it.</summary>
    public async Task UnavailableAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "2";
        await WriteAsync(
            context,
            StatusCodes.Status503ServiceUnavailable,
            "authentication_unavailable",
            "The access token cannot be checked at the moment. Try again shortly.");
    }

    private async Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails { Status = status, Detail = detail, Extensions = { ["code"] = code } },
        });
    }
}
