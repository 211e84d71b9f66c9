using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Problems;

namespace ServiceDefaults.Authentication;

/// <summary>
/// Step-up (RFC 9470) for services that do not hold the sessions: by <c>auth_time</c> of the token, which the identity
/// service raises only when the user has proved all that their account asks for, the second factor where there is one.
/// </summary>
public static class RecentAuthentication
{
    /// <summary>As long as the identity service's own routes allow by default.</summary>
    public static readonly TimeSpan RecentFor = TimeSpan.FromMinutes(10);

    /// <summary>
    /// 401 <c>insufficient_user_authentication</c> unless the user proved who they are within <see cref="RecentFor"/>.
    /// Tokens of API keys and of clients prove nothing about a person and are refused. Beside the route's scope, which it
    /// does not replace.
    /// </summary>
    public static TBuilder RequireRecentAuthentication<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder => endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (IsRecent(http.User, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()))
            {
                return await next(context);
            }

            http.Response.Headers.WWWAuthenticate = string.Create(
                CultureInfo.InvariantCulture,
                $"Bearer realm=\"platform\", error=\"insufficient_user_authentication\", error_description=\"A more recent authentication is required.\", max_age=\"{(long)RecentFor.TotalSeconds}\"");
            return Problem.Of(
                StatusCodes.Status401Unauthorized,
                "insufficient_user_authentication",
                "This needs proof that it is you, given a short time ago. Step up, and ask again with the new token.");
        });

    private static bool IsRecent(ClaimsPrincipal user, DateTimeOffset now) =>
        long.TryParse(user.FindFirstValue(ClaimNames.AuthenticatedAt), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && DateTimeOffset.FromUnixTimeSeconds(seconds) >= now - RecentFor;
}
